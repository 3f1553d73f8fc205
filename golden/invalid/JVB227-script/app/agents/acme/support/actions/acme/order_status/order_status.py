"""Looks up the state of an order in the shop."""

from jvagent.action.base import Action


class OrderStatusAction(Action):
    """Knows the orders of the signed-in customer."""

    shop_url: str = "https://shop.acme.example.com"
