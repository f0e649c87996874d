"""Text from outside (file names, values, messages of other programs) made safe for a terminal."""


def printable(text: str) -> str:
    r"""Return `text` with everything escaped that is not a visible character or a plain space.

    The result is one line and cannot move the cursor, change colours, reorder what follows (bidirectional controls) or
    fail to encode as UTF-8: control and format characters, line separators, unassigned and private characters become
    `\n`, `\x1b`, `\u202e` or `\U000e0001`; a lone surrogate that stands for an undecodable byte of a file name
    (PEP 383) becomes that byte, `\xe9`. Backslashes stay as they are, so the result is for reading, not for decoding.
    """
    # str.isprintable is the interpreter's own table (Unicode categories C* and Z* except the space).
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    # unicode_escape refuses no surrogate and knows the short forms \n, \r and \t.
    return character.encode("unicode_escape").decode("ascii")
