//! Schedules: five cron fields, presets, and what is wrong with one that does not parse.
//!
//! What is read is what Airflow's `croniter` reads from five fields: names, lists, ranges, steps, `?`, `L` (the last day
//! of the month, the last such weekday) and `#` (the n-th such weekday).

use std::ops::Range;

use super::suggest::did_you_mean;

const PRESETS: [&str; 10] = [
    "@once",
    "@continuous",
    "@hourly",
    "@daily",
    "@midnight",
    "@weekly",
    "@monthly",
    "@quarterly",
    "@yearly",
    "@annually",
];

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// What is wrong with a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CronError {
    /// The bytes at fault, in the schedule.
    pub(super) range: Range<usize>,
    /// What is wrong, naming the field.
    pub(super) message: String,
    /// What to write.
    pub(super) help: String,
}

/// One of the five fields.
struct Field {
    name: &'static str,
    low: u32,
    high: u32,
    /// Names of values, from `low` on.
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", low: 0, high: 59, names: &[] },
    Field { name: "hour", low: 0, high: 23, names: &[] },
    Field { name: "day of month", low: 1, high: 31, names: &[] },
    Field { name: "month", low: 1, high: 12, names: &MONTHS },
    // 7 is Sunday too.
    Field { name: "day of week", low: 0, high: 7, names: &WEEKDAYS },
];

/// Checks a schedule.
pub(super) fn check(schedule: &str) -> Result<(), CronError> {
    if schedule.starts_with('@') {
        return check_preset(schedule);
    }
    let parts = parts(schedule);
    if parts.len() != FIELDS.len() {
        let found = if parts.len() == 1 { "1 field".to_owned() } else { format!("{} fields", parts.len()) };
        return Err(CronError {
            range: 0..schedule.len(),
            message: format!("schedule `{schedule}` has {found} where cron has five"),
            help: "write `minute hour day-of-month month day-of-week`, as in `0 6 * * 1-5`, or a preset as `@daily`"
                .to_owned(),
        });
    }
    parts.iter().zip(&FIELDS).try_for_each(|((start, part), field)| {
        field.check(part).map_err(|reason| CronError {
            range: *start..start + part.len(),
            message: format!("schedule `{schedule}`: the {} `{part}`: {reason}", field.name),
            help: field.help(),
        })
    })
}

/// The fields as written, each with the byte where it begins.
fn parts(schedule: &str) -> Vec<(usize, &str)> {
    let mut end = 0;
    schedule
        .split_whitespace()
        .map(|part| {
            let start = end + schedule[end..].find(part).unwrap_or_default();
            end = start + part.len();
            (start, part)
        })
        .collect()
}

fn check_preset(schedule: &str) -> Result<(), CronError> {
    if PRESETS.contains(&schedule) {
        return Ok(());
    }
    let meant = did_you_mean(schedule, PRESETS);
    Err(CronError {
        range: 0..schedule.len(),
        message: format!("schedule `{schedule}` is not a preset"),
        help: format!("{meant}presets: {}", PRESETS.join(", ")),
    })
}

impl Field {
    fn help(&self) -> String {
        let names = match self.names {
            [first, .., last] => format!(" or {first}-{last}"),
            _ => String::new(),
        };
        format!(
            "the {} takes {}-{}{names}, `*`, lists `a,b`, ranges `a-b` and steps `*/n`",
            self.name, self.low, self.high
        )
    }

    fn check(&self, text: &str) -> Result<(), String> {
        text.split(',').try_for_each(|item| self.check_item(item))
    }

    fn check_item(&self, item: &str) -> Result<(), String> {
        if item.is_empty() {
            return Err("an item is empty".to_owned());
        }
        if self.is_special_day(item) {
            return Ok(());
        }
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        if let Some(step) = step {
            self.check_step(step)?;
        }
        match range.split_once('-') {
            _ if range == "*" => Ok(()),
            Some((from, to)) => self.check_range(from, to),
            None => self.value(range).map(|_| ()),
        }
    }

    fn check_step(&self, step: &str) -> Result<(), String> {
        match number(step) {
            Some(0) => Err("the step is 0".to_owned()),
            Some(count) if count > self.high => Err(format!("the step {count} is more than {}", self.high)),
            Some(_) => Ok(()),
            None => Err(format!("the step `{step}` is not a number")),
        }
    }

    fn check_range(&self, from: &str, to: &str) -> Result<(), String> {
        let (first, last) = (self.value(from)?, self.value(to)?);
        // `fri-sun`: Sunday is also the week's end.
        let last = if last == 0 && self.high == 7 { 7 } else { last };
        if first <= last { Ok(()) } else { Err(format!("it goes from {from} back to {to}")) }
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let by_name = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = by_name.and_then(|at| u32::try_from(at).ok()).map(|at| at + self.low).or_else(|| number(text));
        match value {
            Some(value) if (self.low..=self.high).contains(&value) => Ok(value),
            Some(value) => Err(format!("{value} is not in {}-{}", self.low, self.high)),
            None if text.is_empty() => Err("a range lacks an end".to_owned()),
            None => Err(format!("`{text}` is not a value of it")),
        }
    }

    /// `?` and `L` as a day of the month; `?`, `L5` and `5#3` as a day of the week.
    fn is_special_day(&self, item: &str) -> bool {
        let weekday = |text: &str| self.value(text).is_ok();
        match self.name {
            "day of month" => matches!(item, "?" | "L" | "l"),
            "day of week" => {
                item == "?"
                    || item.strip_prefix(['L', 'l']).is_some_and(weekday)
                    || item.split_once('#').is_some_and(|(day, nth)| weekday(day) && matches!(number(nth), Some(1..=5)))
            }
            _ => false,
        }
    }
}

/// Digits only: `u32::from_str` would also take `+5`.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_that_airflow_reads_are_taken() {
        for schedule in [
            "* * * * *",
            "0 6 * * 1-5",
            "*/15 0-6/2 1,15 * mon-fri",
            "0 0 1 jan,JUL *",
            "5  4\t* * 7",
            "0 0 * * fri-sun",
            "0 0 ? * ?",
            "0 0 L * *",
            "0 0 * * 1#1",
            "0 0 * * L5",
            "0-0 23 31 12 0",
            "10/20 * * * *",
            "@daily",
            "@quarterly",
            "@once",
            "@continuous",
            "@midnight",
            "@annually",
        ] {
            assert_eq!(check(schedule), Ok(()), "{schedule}");
        }
    }

    fn refused(schedule: &str, part: &str, message: &str) {
        let error = check(schedule).expect_err(schedule);
        assert!(error.message.contains(message), "{schedule}: {}", error.message);
        assert_eq!(&schedule[error.range], part, "{schedule}");
        assert!(!error.help.is_empty());
    }

    #[test]
    fn the_field_at_fault_is_found_among_equal_ones() {
        assert!(check("0  0 0 * *").is_err_and(|error| error.range == (5..6)));
    }

    #[test]
    fn a_schedule_that_does_not_parse_names_the_field() {
        refused("60 * * * *", "60", "the minute `60`: 60 is not in 0-59");
        refused("* 24 * * *", "24", "the hour");
        refused("* * 0 * *", "0", "the day of month");
        refused("* * * 13 *", "13", "the month");
        refused("* * * * 8", "8", "the day of week");
        refused("* * * foo *", "foo", "the month `foo`: `foo` is not");
        refused("*/0 * * * *", "*/0", "the step is 0");
        refused("*/x * * * *", "*/x", "the step `x`");
        refused("*/90 * * * *", "*/90", "the step 90 is more");
        refused("30-10 * * * *", "30-10", "goes from 30 back to 10");
        refused("1,,2 * * * *", "1,,2", "an item is empty");
        refused("1- * * * *", "1-", "lacks an end");
        refused("+1 * * * *", "+1", "`+1`");
        refused("mon * * * *", "mon", "the minute");
        refused("* * * * 1#6", "1#6", "the day of week");
        refused("99999999999 * * * *", "99999999999", "the minute");
        refused("٣ * * * *", "٣", "the minute");
        refused("0 0 * * * *", "0 0 * * * *", "6 fields");
        refused("daily", "daily", "1 field");
        refused("", "", "0 fields");
        refused("@dayly", "@dayly", "not a preset");
        refused("@reboot", "@reboot", "not a preset");
        assert!(check("@dayly").is_err_and(|error| error.help.starts_with("did you mean `@daily`?")));
    }
}
