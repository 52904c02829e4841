"""The commands: parsing and printing only. stdout is data, stderr is talk."""
