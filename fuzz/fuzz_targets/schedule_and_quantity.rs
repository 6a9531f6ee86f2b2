//! Any text as a schedule and as a Kubernetes quantity: taken or refused, and a quantity reads back as it was written.

#![no_main]

use leoflow::dag::validate_json;
use leoflow::project::Quantity;
use libfuzzer_sys::fuzz_target;

const SPEC: &str = r#"{"schema_version": "1.0", "dag_id": "a", "dag_version": "1", "image": "a:1", "schedule": SCHEDULE,
    "tasks": [{"task_id": "t", "type": "bash", "entrypoint": "true"}]}"#;

fuzz_target!(|text: &str| {
    if let Ok(quantity) = text.parse::<Quantity>() {
        let again = quantity.to_string().parse::<Quantity>();
        assert_eq!(again.map(|again| again.to_string()), Ok(quantity.to_string()));
    }
    let schedule = json_text(text);
    if let Err(faults) = validate_json(SPEC.replace("SCHEDULE", &schedule).as_bytes()) {
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(told.iter().all(|told| told.contains("schedule")), "{text:?}: {told:?}");
    }
});

fn json_text(text: &str) -> String {
    let escaped: String = text.chars().map(|c| format!("\\u{:04x}", u32::from(c).min(0xfffd))).collect();
    format!("\"{escaped}\"")
}
