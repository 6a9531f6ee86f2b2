"""The known name that a mistyped one was probably meant to be."""

import sys


def nearest(word, known, most=None):
    """The known name that lies at most so many letters away: by default a third of the word's."""
    most = max(1, len(word) // 3) if most is None else most
    names = sorted({name for name in known if isinstance(name, str) and abs(len(name) - len(word)) <= most})[:2000]
    near = min(((distance(word, name), name) for name in names), default=(most + 1, None))
    return near[1] if 0 < near[0] <= most else None


def distance(one, other):
    """Of insertions, deletions, replacements and swaps of neighbours."""
    before, row = None, list(range(len(other) + 1))
    for i, left in enumerate(one):
        next_row = [i + 1]
        for j, right in enumerate(other):
            cost = min(row[j + 1] + 1, next_row[j] + 1, row[j] + (left != right))
            if i and j and left == other[j - 1] and one[i - 1] == right:
                cost = min(cost, before[j - 1] + 1)
            next_row.append(cost)
        before, row = row, next_row
    return row[-1]


def for_error(error, traceback, host_list, path):
    """What a NameError, AttributeError or FileNotFoundError of dag.py was probably meant to say."""
    words = str(error).split("'")
    if type(error) is FileNotFoundError and isinstance(error.filename, str):
        directory, _, name = error.filename.rpartition("/")
        return nearest(name, host_list(directory or "."))
    if type(error) is ModuleNotFoundError:
        beside = [name.removesuffix(".py") for directory in path for name in host_list(directory)]
        return nearest(error.name, beside)
    if type(error) is NameError and len(words) > 1:
        return nearest(words[1], _names_at(traceback))
    if type(error) is ImportError and len(words) > 3 and words[3] in sys.modules:
        return nearest(words[1], dir(sys.modules[words[3]]))
    if type(error) is AttributeError and len(words) > 3:
        return nearest(words[3], dir(getattr(error, "obj", None)))
    return None


def _names_at(traceback):
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    frame = traceback.tb_frame
    return [*frame.f_locals, *frame.f_globals, *frame.f_builtins]
