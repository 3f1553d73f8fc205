from .order_status import OrderStatusAction

__all__ = ["OrderStatusAction"]
