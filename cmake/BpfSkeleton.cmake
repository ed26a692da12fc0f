# SPDX-License-Identifier: GPL-3.0-or-later
# bpf_skeleton(NAME SOURCE): compiles a BPF program and makes the interface
# target NAME_skeleton, whose users can include NAME.skel.h.

find_program(CLANG NAMES clang REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

function(bpf_skeleton name source)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
    set(arch arm64)
  else()
    set(arch x86)
  endif()
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${CLANG} -g -O2 -target bpf -D__TARGET_ARCH_${arch}
      -Wall -Wextra -Wno-unused-parameter
      -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
      -I ${CMAKE_CURRENT_SOURCE_DIR}
      -I /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
      -MD -MF ${object}.d
      -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
    DEPENDS ${source}
    DEPFILE ${object}.d
    VERBATIM)
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${BPFTOOL} gen skeleton ${object} name ${name}_bpf
      > ${skeleton}
    DEPENDS ${object})
  add_custom_target(${name}_skeleton_header DEPENDS ${skeleton})
  add_library(${name}_skeleton INTERFACE)
  add_dependencies(${name}_skeleton ${name}_skeleton_header)
  target_include_directories(${name}_skeleton SYSTEM
    INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
