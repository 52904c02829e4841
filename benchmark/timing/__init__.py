"""The exclusive timing job: trainings timed one at a time, each in a fresh process, when nothing else runs."""
