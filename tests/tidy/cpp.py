"""C++ read just well enough to judge its form: tokens without comments and literals, brackets as a tree, statements.

No preprocessor and no types: what it cannot tell apart it reads in the way that makes the rules stricter.
"""
import re
from dataclasses import dataclass, field

TOKEN = re.compile(r"""
    (?P<comment> //[^\n]* | /\*.*?\*/ )
  | (?P<raw> (?:u8|[uUL])?R"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)" )
  | (?P<text> (?:u8|[uUL])?"(?:[^"\\\n]|\\.)*" )
  | (?P<number> \.?[0-9](?:[eEpP][+-]|'[0-9A-Za-z]|[0-9A-Za-z_.])* )
  | (?P<letter> (?:u8|[uUL])?'(?:[^'\\\n]|\\.)+' )
  | (?P<directive> ^[ \t]*\#(?:[^\n\\]|\\.|\\\n)* )
  | (?P<word> [A-Za-z_]\w* )
  | (?P<sign> -> | :: | && | \S )
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

OPEN, CLOSE = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}


@dataclass
class Token:
    text: str
    line: int


@dataclass
class Group:
    """A pair of brackets and what is in it."""
    text: str  # "(", "[" or "{"
    line: int
    items: list = field(default_factory=list)
    last_line: int = 0


def tokens(source):
    line, at = 1, 0
    for match in TOKEN.finditer(source):
        line += source.count("\n", at, match.start())
        at = match.start()
        kind = match.lastgroup if match.lastgroup != "mark" else "raw"
        if kind in ("comment", "directive"):
            continue
        yield Token('""' if kind in ("raw", "text", "letter") else match.group(), line)


def tree(source):
    """The source as one Group "{" whose items are Tokens and Groups. Brackets that do not pair end the reading."""
    top = Group("{", 1)
    stack = [top]
    for token in tokens(source):
        if token.text in OPEN:
            group = Group(token.text, token.line)
            stack[-1].items.append(group)
            stack.append(group)
        elif token.text in CLOSE:
            if len(stack) == 1 or OPEN[stack[-1].text] != token.text:
                raise ValueError(f"line {token.line}: '{token.text}' closes nothing")
            stack.pop().last_line = token.line
        else:
            stack[-1].items.append(token)
    if len(stack) > 1:
        raise ValueError(f"line {stack[-1].line}: '{stack[-1].text}' is never closed")
    return top


# What may stand right before a body; "(" is a whole group here.
BLOCK_BEFORE = {"else", "do", "try", "mutable", "noexcept", "const", "constexpr", "override", "final", ":", "("}
TYPE_HEADS = {"namespace", "struct", "class", "union", "extern"}


def is_block(statement, group):
    """Does this {...} hold statements (a body), or is it an initializer? `statement` is what stands before it."""
    if group.text != "{":
        return False
    if not statement or statement[-1].text in BLOCK_BEFORE or is_body_after_initializers(statement):
        return True
    if any(item.text == ";" for item in group.items):
        return True
    heads = {item.text for item in statement}
    return "(" not in heads and "=" not in heads and bool(heads & TYPE_HEADS)


def is_body_after_initializers(statement):
    """`foo(int a) : a_{a} {}`: the last {...} is the constructor's body."""
    return statement[-1].text == "{" and ":" in {item.text for item in statement}


def is_lambda_body(before, group):
    if group.text != "{":
        return False
    captures = [i for i in range(len(before)) if is_capture(before, i)]
    if not captures:
        return False
    since = [item.text for item in before[captures[-1] + 1 :]]
    return "," not in since and "{" not in since and (not since or since[-1] in BLOCK_BEFORE or "->" in since)


@dataclass
class Statement:
    items: list  # without the blocks in it
    blocks: list  # the {...} that hold statements, at any depth of its brackets


def statements(block):
    """The statements of a block, its nested blocks apart. The body of a lambda does not end a statement."""
    current, blocks = [], []
    for item in block.items:
        if isinstance(item, Token) and item.text == ";":
            if current or blocks:
                yield Statement(current, blocks)
            current, blocks = [], []
        elif is_lambda_body(current, item):
            current.append(Token("<body>", item.line))
            blocks.append(item)
        elif is_block(current, item):
            yield Statement(current, [*blocks, item])
            current, blocks = [], []
        elif isinstance(item, Group):
            current.append(without_blocks(item, blocks))
        else:
            current.append(item)
    if current or blocks:
        yield Statement(current, blocks)


def without_blocks(group, blocks):
    """A copy of a group without the bodies of lambdas in it, which are put into `blocks`."""
    kept = Group(group.text, group.line, [], group.last_line)
    for item in group.items:
        if is_lambda_body(kept.items, item):
            kept.items.append(Token("<body>", item.line))
            blocks.append(item)
        elif isinstance(item, Group):
            kept.items.append(without_blocks(item, blocks))
        else:
            kept.items.append(item)
    return kept


def is_capture(items, i):
    """Is items[i] the [...] of a lambda, rather than a subscript or an attribute?"""
    if not isinstance(items[i], Group) or items[i].text != "[":
        return False
    if items[i].items and items[i].items[0].text == "[":
        return False
    if i == 0:
        return True
    before = items[i - 1]
    if isinstance(before, Group):
        return False
    return before.text in ("return", "co_return", "co_await", "co_yield") or not re.match(r'\w|""|>|<body>', before.text)


def flat(items):
    """Every token and group below these items, as (siblings, index)."""
    for i, item in enumerate(items):
        yield items, i
        if isinstance(item, Group):
            yield from flat(item.items)
