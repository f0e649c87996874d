"""The grammar of POSIX shell scripts: tokens, words, commands."""
