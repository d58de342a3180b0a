"""The pages: blueprints by audience and subject. A view is three moves: read, call one verb, render."""
