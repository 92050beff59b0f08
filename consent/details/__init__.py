"""What a customer approves of an app by itself, such as one payment: asked each time, done once."""
