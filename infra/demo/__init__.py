"""The demo: a real file to an exact answer, then a month of hourly schedules in a minute."""
