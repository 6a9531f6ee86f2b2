use serde_json::{Value, json};

use super::*;
use crate::image::DescribedImage;

/// One change in a line, as the tests below write it.
fn told(change: &FieldChange) -> String {
    let text = |value: &Option<Value>| value.as_ref().map_or_else(String::new, Value::to_string);
    format!("{}: {} -> {}", change.path, text(&change.before), text(&change.now))
}

#[track_caller]
fn check_fields(before: Value, now: Value, expected: &[&str]) {
    let found: Vec<String> = fields(&before, &now, &["z", "a"]).iter().map(told).collect();
    assert_eq!(found, expected);
}

#[test]
fn objects_are_compared_field_by_field_and_all_else_as_a_whole() {
    check_fields(json!({"a": 1}), json!({"a": 1}), &[]);
    check_fields(json!({"a": 1}), json!({"a": 2}), &["a: 1 -> 2"]);
    check_fields(json!({"a": [1, 2]}), json!({"a": [2, 1]}), &["a: [1,2] -> [2,1]"]);
    check_fields(json!({"a": {"b": 1, "c": 2}}), json!({"a": {"b": 1}}), &["a.c: 2 -> "]);
    check_fields(json!({}), json!({"a": {"b": {"c": 1}}}), &["a.b.c:  -> 1"]);
    check_fields(json!({"a": {"b": 1}}), json!({"a": "text"}), &[r#"a: {"b":1} -> "text""#]);
    check_fields(json!({"a": {}}), json!({}), &["a: {} -> "]);
    check_fields(json!({"a": {"x/y.z": 1}}), json!({"a": {"x/y.z": 2}}), &[r#"a."x/y.z": 1 -> 2"#]);
}

#[test]
fn fields_stand_in_the_order_that_was_asked_for_and_then_by_name() {
    let now = json!({"a": 1, "b": 1, "z": {"b": 1, "a": 1}, "c": 1});
    check_fields(json!({}), now, &["z.a:  -> 1", "z.b:  -> 1", "a:  -> 1", "b:  -> 1", "c:  -> 1"]);
}

#[track_caller]
fn check_lines(before: &str, now: &str, expected: Option<(usize, usize)>) {
    let count = LineCount::between(before, now).map(|count| (count.added, count.removed));
    assert_eq!(count, expected, "{before:?} -> {now:?}");
}

#[test]
fn lines_are_counted_as_diff_does() {
    check_lines("", "", None);
    check_lines("a\n", "a\n", None);
    check_lines("", "a\nb\n", Some((2, 0)));
    check_lines("a\nb\n", "", Some((0, 2)));
    check_lines("a\nb\nc\n", "a\nx\nc\n", Some((1, 1)));
    check_lines("a\nb\nc\nd\n", "b\nx\nd\n", Some((1, 2)));
    check_lines("a\nb\na\nb\n", "b\na\nb\na\n", Some((1, 1)));
    check_lines("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", Some((2, 3)));
    check_lines("a\n", "a", Some((1, 1)));
}

#[test]
fn texts_that_have_nothing_in_common_are_counted_without_looking_for_long() {
    let text = |letter: char| (0..5_000).map(|number| format!("{letter}{number}\n")).collect::<String>();
    check_lines(&text('a'), &text('b'), Some((5_000, 5_000)));
}

fn spec(tasks: Value) -> Value {
    json!({"dag_id": "etl", "image": "r/etl:1", "tasks": tasks, "source": "x = 1\n"})
}

fn task(id: &str, upstream: &[&str], retries: u64) -> Value {
    json!({"task_id": id, "type": "bash", "depends_on": upstream, "retries": retries})
}

#[test]
fn equal_specs_do_not_differ_whatever_the_order_of_tasks_and_edges() {
    let one = spec(json!([task("a", &[], 1), task("b", &[], 1), task("c", &["a", "b"], 1)]));
    let other = spec(json!([task("c", &["b", "a"], 1), task("b", &[], 1), task("a", &[], 1)]));
    assert_eq!(specs(&one, &other), None);
}

#[test]
fn tasks_edges_fields_and_source_are_told_apart() {
    let before = spec(json!([task("a", &[], 1), task("b", &["a"], 1)]));
    let mut now = spec(json!([task("a", &[], 3), task("c", &["a"], 1)]));
    (now["source"], now["image"], now["schedule"]) = ("x = 1\ny = 2\n".into(), "r/etl:2".into(), "@daily".into());
    let diff = specs(&before, &now).unwrap();
    let fields: Vec<String> = diff.fields.iter().map(told).collect();
    assert_eq!(fields, [r#"image: "r/etl:1" -> "r/etl:2""#, r#"schedule:  -> "@daily""#]);
    let [TaskChange::Changed { task_id: a, fields }, TaskChange::Removed { task_id: b }, added] = &diff.tasks[..]
    else {
        panic!("{:?}", diff.tasks)
    };
    assert_eq!((a.as_str(), told(&fields[0]), fields.len(), b.as_str()), ("a", "retries: 1 -> 3".to_owned(), 1, "b"));
    assert_eq!(*added, TaskChange::Added { task_id: "c".to_owned(), kind: "bash".to_owned() });
    let edge = |downstream: &str| vec![Edge { upstream: "a".to_owned(), downstream: downstream.to_owned() }];
    assert_eq!((diff.edges_added, diff.edges_removed), (edge("c"), edge("b")));
    assert_eq!(diff.source, Some(LineCount { added: 1, removed: 0 }));
}

#[test]
fn what_is_no_spec_is_compared_all_the_same() {
    for odd in [json!(null), json!([]), json!({"tasks": 1}), json!({"tasks": [null, {"task_id": 1}]})] {
        assert_eq!(specs(&odd, &odd), None);
        assert!(specs(&odd, &spec(json!([task("a", &[], 1)]))).is_some(), "{odd}");
    }
}

#[test]
fn packages_are_new_gone_or_of_another_version() {
    let set =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(name, version)| (name.to_string(), version.to_string())).collect();
    let (before, now): (Packages, Packages) =
        (set(&[("a", "1"), ("b", "1"), ("d", "1")]), set(&[("a", "1"), ("b", "2"), ("c", "1")]));
    let told: Vec<_> =
        packages(&before, &now).into_iter().map(|change| (change.name, change.before, change.now)).collect();
    let (one, two) = (|| Some("1".to_owned()), Some("2".to_owned()));
    assert_eq!(told, [("b".into(), one(), two), ("c".into(), None, one()), ("d".into(), one(), None)]);
}

/// An image of two layers: one of the base, whose digest ends in `1`, and a project's.
fn image(architecture: &str, project: char, annotations: &Value) -> DescribedImage {
    let config = json!({
        "os": "linux", "architecture": architecture,
        "config": {"User": "65532", "Env": ["PATH=/bin", format!("WHO={project}")]},
        "rootfs": {"type": "layers", "diff_ids": [hash('1'), hash(project)]},
        "history": [{"created_by": "ADD rootfs"}, {"created_by": "ENV x", "empty_layer": true},
                    {"created_by": "COPY . /home/leoflow", "comment": "leoflow"}],
    });
    let config = config.to_string().into_bytes();
    let digest = crate::layers::Digest::of(&config).to_string();
    let layer = |letter: char| json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": hash(letter), "size": 7});
    let manifest = json!({
        "schemaVersion": 2, "layers": [layer('1'), layer(project)], "annotations": annotations,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": config.len()},
    });
    DescribedImage::of(manifest.to_string().as_bytes(), &config).unwrap()
}

fn hash(letter: char) -> String {
    format!("sha256:{}", letter.to_string().repeat(64))
}

#[test]
fn images_are_compared_platform_by_platform() {
    let none = json!({});
    let before = [image("amd64", 'a', &none), image("arm64", 'a', &none), image("s390x", 'a', &none)];
    let now = [image("arm64", 'b', &none), image("amd64", 'a', &none), image("riscv64", 'a', &none)];
    let diff = images(&before, &now).unwrap();
    let told: Vec<String> = diff
        .platforms
        .iter()
        .map(|(platform, change)| match change {
            ImageChange::Changed(_) => format!("~{platform}"),
            other => format!("{other:?} {platform}"),
        })
        .collect();
    assert_eq!(told, ["Same linux/amd64", "~linux/arm64", "Added linux/riscv64", "Removed linux/s390x"]);
    assert_eq!(images(&before, &before), None);
}

#[test]
fn an_image_differs_in_settings_packages_and_layers() {
    let said = |text: &str| json!({"io.leoflow.packages": text, "org.opencontainers.image.base.digest": hash('9')});
    let (before, now) = (image("amd64", 'a', &said("x==1 y==1")), image("amd64", 'b', &said("x==2 y==1")));
    let diff = images(&[before], &[now]).unwrap();
    let Some(ImageChange::Changed(diff)) = diff.platforms.into_values().next() else { panic!("no change") };
    let fields: Vec<String> = diff.fields.iter().map(told).collect();
    assert_eq!(fields, [r#"Env.WHO: "a" -> "b""#], "packages are told by themselves");
    assert_eq!(diff.packages.unwrap().len(), 1);
    let layers: Vec<_> =
        diff.layers.iter().map(|layer| (layer.layer.title.as_deref().unwrap(), layer.before, layer.now)).collect();
    assert_eq!(layers, [("ADD rootfs", true, true), ("project", false, true), ("project", true, false)]);
}

#[test]
fn packages_are_not_known_of_an_image_that_does_not_tell() {
    for (annotations, expected) in [
        (json!({"io.leoflow.packages": "x==1"}), Some(1)),
        (json!({"io.leoflow.packages": "what?"}), None),
        (json!({"io.leoflow.requirements": hash('1')}), None),
        (json!({}), Some(0)),
    ] {
        let packages = image("amd64", 'a', &annotations).packages;
        assert_eq!(packages.map(|packages| packages.len()), expected, "{annotations}");
    }
}
