#!/bin/sh
# Runs the pages of this guide that are given: every `sh` block in order, in one empty folder for each page, with
# `adjudica` on PATH. What a block prints is compared with the `text` block right after it, where there is one.
#
# In a `text` block a line `...` stands for any lines, and `...` within a line for any text. Digests of 64 digits and short
# digests of 12 are not compared. A page fails when a block fails or prints something else; the rest of it is not run.
set -eu

[ $# -gt 0 ] || { echo "usage: sh run.sh PAGE.md..." >&2; exit 2; }
command -v adjudica > /dev/null || { echo "adjudica is not on PATH" >&2; exit 2; }

sources=$(cd "$(dirname "$0")/../.." && pwd)
top=$(mktemp -d)

# Ends what a page left running: it writes the id of each process that it starts into a file `*.pid`.
end_processes() {
    for file in "$top"/*/page/*.pid; do
        [ -f "$file" ] || continue
        kill "$(cat "$file")" 2> /dev/null || true
        rm -f "$file"
    done
}
trap 'end_processes; rm -rf "$top"' EXIT
trap 'exit 130' INT TERM

# Writes block number N of the page to N.sh, and the `text` block right after it to N.text.
extract() { # page, folder
    awk -v folder="$2" '
        /^```/ && inside { inside = 0; close(file); if (kind == "sh") waiting = 1; next }
        inside { print > file; next }
        /^```sh$/ { kind = "sh"; inside = 1; number++; file = sprintf("%s/%03d.sh", folder, number); printf "" > file
            line[number] = NR; print NR > (sprintf("%s/%03d.line", folder, number)); waiting = 0; next }
        /^```text$/ && waiting { kind = "text"; inside = 1; file = sprintf("%s/%03d.text", folder, number); printf "" > file
            waiting = 0; next }
        /^```/ { kind = "other"; inside = 1; file = "/dev/null"; waiting = 0; next }
        /[^ ]/ { waiting = 0 }
    ' "$1"
}

# Takes out what differs from run to run, and blanks at the ends of lines.
plain() { # file
    sed -e 's/[0-9a-f]\{64\}/DIGEST/g' \
        -e 's/^[0-9a-f]\{12\}\([^0-9a-f]\)/DIGEST\1/' \
        -e 's/\([^0-9a-f]\)[0-9a-f]\{12\}\([^0-9a-f]\)/\1DIGEST\2/g' \
        -e 's/\([^0-9a-f]\)[0-9a-f]\{12\}$/\1DIGEST/' \
        -e 's/[ 	]*$//' "$1"
}

# Succeeds when the second file is as the first says.
fits() { # expected, got
    awk '
        function line_fits(want, have,    at, rest, tail) {
            at = index(want, "...")
            if (at == 0) return want == have
            if (substr(want, 1, at - 1) != substr(have, 1, at - 1)) return 0
            rest = substr(want, at + 3)
            for (tail = at; tail <= length(have) + 1; tail++)
                if (line_fits(rest, substr(have, tail))) return 1
            return 0
        }
        # Each gap takes as few lines as will do: the first way that fits is as good as any.
        function lines_fit(w, h,    n) {
            while (w <= wants && want[w] != "...") {
                if (h > haves || !line_fits(want[w], have[h])) return 0
                w++; h++
            }
            if (w > wants) return h > haves
            for (n = h; n <= haves + 1; n++)
                if (lines_fit(w + 1, n)) return 1
            return 0
        }
        NR == FNR { want[++wants] = $0; next }
        { have[++haves] = $0 }
        END {
            while (wants && want[wants] == "") wants--
            while (haves && have[haves] == "") haves--
            exit !lines_fit(1, 1)
        }
    ' "$1" "$2"
}

run_page() { # page, folder
    mkdir -p "$2/blocks" "$2/page"
    # A page calls the sources of Adjudica `../adjudica`.
    ln -s "$sources" "$2/adjudica"
    extract "$1" "$2/blocks"
    count=0
    for block in "$2"/blocks/*.sh; do
        [ -f "$block" ] || { echo "$1: no sh block"; return 1; }
        name=${block%.sh}
        count=$((count + 1))
        if ! (cd "$2/page" && sh -eu "$block") > "$name.out" 2>&1 < /dev/null; then
            echo "$1:$(cat "$name.line"): the block fails:"
            cat "$block" "$name.out"
            return 1
        fi
        [ -f "$name.text" ] || continue
        plain "$name.text" > "$name.want"
        plain "$name.out" > "$name.have"
        # An empty first file would make awk take the second for it.
        [ -s "$name.want" ] || echo > "$name.want"
        if ! fits "$name.want" "$name.have"; then
            echo "$1:$(cat "$name.line"): the block prints something else:"
            diff -u "$name.want" "$name.have" || true
            return 1
        fi
    done
    echo "$1: $count blocks as written"
}

number=0
failed=0
for page in "$@"; do
    number=$((number + 1))
    run_page "$page" "$top/$number" || failed=1
    end_processes
done
exit "$failed"
