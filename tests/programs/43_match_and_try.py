import torch


def describe(thing):
    match thing:
        case []:
            return "nothing"
        case [only]:
            return f"one thing, {only}"
        case {"shape": shape, **rest}:
            return f"shape {shape} and {sorted(rest)}"
        case "ones" | "zeros":
            return "a name"
        case _:
            return "something else"


for thing in ([], [1], {"shape": (2,), "dtype": "float"}, "ones", 3.5):
    print(describe(thing))

attempts = {
    "shapes": lambda: torch.ones(2, 3) @ torch.ones(2, 3),
    "index": lambda: [1, 2][5],
    "key": lambda: {"a": 1}["b"],
    "division": lambda: 1 / 0,
    "number": lambda: int("two"),
    "type": lambda: "a" + 1,
}
for name, attempt in attempts.items():
    try:
        attempt()
    except (RuntimeError, LookupError, ArithmeticError) as error:
        print(f"{name}: {type(error).__name__}: {str(error)}")
    except Exception as error:
        print(f"{name}: other {type(error).__name__}: {str(error)}")
    else:
        print("no error")
    finally:
        print("-")
