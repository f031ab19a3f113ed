//! JSON Merge Patch (RFC 7396).

use serde_json::{Map, Value};

/// Returns an object after a patch (RFC 7396 section 2). It nests no deeper than the deeper of the two.
pub(crate) fn merged(mut members: Map<String, Value>, patch: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in patch {
        let before = members.remove(&name);
        let after = match (value, before) {
            (Value::Null, _) => continue,
            (Value::Object(inner), Some(Value::Object(before))) => merged(before, inner).into(),
            (Value::Object(inner), _) => merged(Map::new(), inner).into(),
            (value, _) => value,
        };
        members.insert(name, after);
    }
    members
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::merged;

    /// The examples of RFC 7396 appendix A, each as a member, because some are no objects.
    #[test]
    fn the_examples_of_the_specification() {
        let examples: Vec<[Value; 3]> =
            serde_json::from_str(include_str!("../../tests/vectors/merge_patch.json")).unwrap();
        assert_eq!(examples.len(), 15);
        for [original, patch, result] in examples {
            let member = |value: &Value| json!({"member": value}).as_object().unwrap().clone();
            // Removing is what a patch by null is for a member.
            let expected = if result.is_null() { json!({}) } else { json!({"member": result}) };
            assert_eq!(json!(merged(member(&original), member(&patch))), expected, "{original} {patch}");
        }
    }
}
