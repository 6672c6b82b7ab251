"""One step of the schema each; the newest is what `tables` says. A step that was released never changes."""
