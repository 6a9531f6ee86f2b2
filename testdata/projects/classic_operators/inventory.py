"""What there is in the warehouse."""

STOCK = {"main": {"screws": 120, "nuts": 4, "bolts": 7}}


def count(warehouse, least):
    """Returns what there is too little of."""
    return sorted(item for item, amount in STOCK[warehouse].items() if amount < least)


def warn(missing):
    for item in missing:
        print(f"order more {item}")
