"""The pages of the diagnostics, as data: `CL201.md`."""
