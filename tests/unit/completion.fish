#!/usr/bin/env fish
# SPDX-License-Identifier: GPL-3.0-or-later
# completion.fish COMPLETION PKTWHO: what fish offers after some words.
source $argv[1]; or exit 1
set failed 0

# expect LINE WORD...: the words that are offered there
function expect
    set got (complete -C $argv[1] | string split -f 1 \t)
    if test "$got" != "$argv[2..]"
        echo "after $argv[1]: $got"
        set -g failed 1
    end
end

expect 'pktwho --log-level ' debug error info warning
expect 'pktwho -i an' any
expect 'pktwho --snapsh' --snapshot-length
expect 'pktwho doc' doctor
expect "pktwho -w $argv[1]" $argv[1]
expect "pktwho cut $argv[1]" $argv[1]
expect "pktwho log $argv[1]"
for word in ($argv[2] --help | grep -oE -- '--[a-z][a-z0-9-]*' | sort -u)
    contains -- $word (complete -C "pktwho $word" | string split -f 1 \t)
    or begin
        echo "no $word"
        set failed 1
    end
end
exit $failed
