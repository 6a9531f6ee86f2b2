//! Texts with a form of their own.

pub(super) fn is_dag_id(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= 200 && text.bytes().next().is_some_and(word) && text.bytes().all(|byte| word(byte) || byte == b'-')
}

pub(super) fn is_dotted(text: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    text.contains('.') && text.split('.').all(word)
}

pub(super) fn is_callable(entrypoint: &str) -> bool {
    entrypoint.split_once(':').is_some_and(|(module, callable)| !module.is_empty() && !callable.is_empty())
}

/// `2024-01-31`, or that and a time: what Python's `isoformat()` writes.
pub(super) fn is_date(text: &str) -> bool {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let within = |text: &str, digits: usize, range: std::ops::RangeInclusive<u32>| {
        text.len() == digits
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse::<u32>().is_ok_and(|number| range.contains(&number))
    };
    let parts: Vec<&str> = date.split('-').collect();
    let is_day = matches!(parts[..], [year, month, day]
        if within(year, 4, 1..=9999) && within(month, 2, 1..=12) && within(day, 2, 1..=31));
    is_day && time.is_none_or(|time| time.get(..2).is_some_and(|hour| within(hour, 2, 0..=23)) && is_time(time))
}

fn is_time(time: &str) -> bool {
    let end = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(end);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let clock_is_sound = clock.split([':', '.']).all(digits) && clock.len() >= 5;
    let zone_is_sound = matches!(zone, "" | "Z") || zone.len() >= 3 && zone[1..].split(':').all(digits);
    clock_is_sound && zone_is_sound
}
