"""Environment and files to frozen typed settings. Building objects from them is for `wiring`."""
