"""What a customer allows, narrows, refuses and withdraws."""
