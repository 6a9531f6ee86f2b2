"""Turns totals into text."""


def render(totals, title):
    width = max((len(product) for product in totals), default=0)
    lines = [f"{product:<{width}}  {amount:>12}" for product, amount in totals.items()]
    return "\n".join([title, "-" * len(title), *lines])


def publish(totals, title):
    """Prints the report and returns it."""
    text = render(totals, title)
    print(text)
    return text
