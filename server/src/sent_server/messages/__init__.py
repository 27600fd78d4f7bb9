"""Messages: accepting them, and telling how they fare. Sending them is `delivery`'s business."""
