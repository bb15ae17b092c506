"""The captures that ship with the project, and the script that makes them from figures with their source."""
