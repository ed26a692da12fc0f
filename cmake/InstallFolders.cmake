# SPDX-License-Identifier: GPL-3.0-or-later
# install_folders(FOLDER...): those that are not there are made so that all users
# can read what comes into them.  CMake leaves that to the umask, and sudo keeps
# a strict one of its caller's.
function(install_folders)
  install(CODE "set(folders \"${ARGN}\")")
  install(CODE [[
    foreach(folder IN LISTS folders)
      cmake_path(ABSOLUTE_PATH folder BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}")
      execute_process(COMMAND_ERROR_IS_FATAL ANY
        COMMAND sh -c "umask 022 && exec mkdir -p \"$0\""
          "$ENV{DESTDIR}${folder}")
    endforeach()]])
endfunction()
