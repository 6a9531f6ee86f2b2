"""Reads orders and sums them up."""

import csv
from decimal import Decimal
from pathlib import Path

ORDERS = Path(__file__).parent / "data" / "orders.csv"


def read(path=ORDERS):
    """Returns the orders as a list of dicts, as the file has them."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def total_by_product(rows, currency):
    """Returns `{product: "12.50 EUR"}`; cancelled orders don't count."""
    totals = {}
    for row in rows:
        if row["status"] != "cancelled":
            amount = int(row["quantity"]) * Decimal(row["unit_price"])
            totals[row["product"]] = totals.get(row["product"], Decimal(0)) + amount
    return {product: f"{totals[product]:.2f} {currency}" for product in sorted(totals)}
