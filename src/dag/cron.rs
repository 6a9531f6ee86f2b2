//! Schedules: five cron fields, presets, and what is wrong with one that does not parse.
