"""CAR's data model: objects, actions, typed fields."""
