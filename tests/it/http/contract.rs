//! `openapi.yaml` and the service, held against each other both ways.

use std::collections::BTreeSet;

use opine::http::{CONTRACT, Code, ROUTES};
use serde_json::Value;

use crate::support::app::shared;
use crate::support::contract::{DOCUMENT, faults, paths, resolve};

/// Every (method, path, operation) of the document.
fn documented() -> BTreeSet<(String, String, String)> {
    let operations = paths().iter().flat_map(|(path, item)| {
        item.as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| {
                let id = operation["operationId"].as_str().unwrap();
                (method.to_ascii_uppercase(), path.clone(), id.to_owned())
            })
    });
    operations.collect()
}

#[test]
fn every_route_is_documented_and_every_path_is_routed() {
    let routed = ROUTES.iter().map(|route| {
        let (method, path, id) = (route.method, route.path, route.operation.id());
        (method.to_owned(), path.to_owned(), id.to_owned())
    });
    assert_eq!(routed.collect::<BTreeSet<_>>(), documented());
}

#[test]
fn every_documented_path_answers_and_no_other_method_does() {
    for (path, item) in paths() {
        let path = path.replace("{id}", "technical-quality");
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            // The client holds the status against the document: 405 where the method is not there.
            let reply = shared().send(method, &path, &[], b"");
            let known = item.get(method.to_ascii_lowercase()).is_some();
            assert_eq!(reply.status == 405, !known, "{method} {path}");
        }
    }
}

#[test]
fn the_document_is_served_as_it_stands() {
    let reply = shared().get("/openapi.yaml");
    assert_eq!(reply.body, CONTRACT.as_bytes());
}

#[test]
fn codes_of_the_document_are_the_codes_of_the_service() {
    let documented = &DOCUMENT["components"]["schemas"]["Code"]["enum"];
    let served: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(*documented, serde_json::json!(served));
}

#[test]
fn every_code_has_an_example_at_a_response_of_its_status() {
    for code in Code::ALL {
        let example = &DOCUMENT["components"]["examples"][code.name()]["value"];
        assert_eq!(example["code"], code.name());
        assert_eq!(example["title"], code.title());
        assert_eq!(example["status"], code.status());
        assert_eq!(
            example["type"],
            format!("urn:opine:problem:{}", code.name())
        );
        let name = code.name();
        let at_status = DOCUMENT["components"]["responses"].as_object().unwrap();
        let shown = at_status.values().any(|response| {
            let media_type = &response["content"]["application/problem+json"];
            media_type["examples"].get(name).is_some()
        });
        assert!(shown, "{name} is an example of no response");
    }
    // A status and the codes of the response that is documented for it agree.
    for (_, item) in paths() {
        for operation in item.as_object().unwrap().values() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let media_type = &resolve(response)["content"]["application/problem+json"];
                let Some(examples) = media_type.get("examples") else {
                    continue;
                };
                for example in examples.as_object().unwrap().values() {
                    let value = &resolve(example)["value"];
                    assert_eq!(value["status"].to_string(), *status, "{value}");
                }
            }
        }
    }
}

#[test]
fn every_operation_has_an_example_and_every_example_is_valid() {
    let mut checked = 0;
    let mut check = |content: &Value| {
        for (name, media_type) in content.as_object().into_iter().flatten() {
            // A form says the same as the JSON beside it, and files do not stand in a document.
            if !name.ends_with("json") {
                let is_shown = media_type.get("example").is_some();
                assert!(is_shown || name == "multipart/form-data", "{name}");
                continue;
            }
            let examples = media_type["examples"].as_object();
            for example in examples.expect("every JSON body has examples").values() {
                let value = &resolve(example)["value"];
                let faults = faults(&media_type["schema"], value);
                assert!(faults.is_empty(), "{faults:?} in {value}");
                checked += 1;
            }
        }
    };
    for (_, item) in paths() {
        for operation in item.as_object().unwrap().values() {
            check(&operation["requestBody"]["content"]);
            for response in operation["responses"].as_object().unwrap().values() {
                check(&resolve(response)["content"]);
            }
        }
    }
    for response in DOCUMENT["components"]["responses"]
        .as_object()
        .unwrap()
        .values()
    {
        check(&response["content"]);
    }
    assert!(checked > 2 * Code::ALL.len(), "only {checked} examples");
}

#[test]
fn every_request_example_is_scored() {
    let body = &DOCUMENT["paths"]["/v1/score"]["post"]["requestBody"]["content"];
    for example in body["application/json"]["examples"]
        .as_object()
        .unwrap()
        .values()
    {
        for result in shared().score(&example["value"]).results() {
            assert_eq!(result["status"], "scored", "{result}");
        }
    }
}

/// Whether some key has a space, which no key of the document has; a description with a comma in braces makes one.
fn cut_off(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(fields) => {
            let keys = fields.keys().map(String::as_str);
            // A media type may have parameters, and examples hold what people write.
            let cut = keys.filter(|key| key.contains(' ') && !key.contains('/'));
            let inner = fields.iter().filter(|(key, _)| !key.contains("example"));
            cut.chain(inner.flat_map(|(_, value)| cut_off(value)))
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(cut_off).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => vec![],
    }
}

#[test]
fn no_description_is_cut_off_at_a_comma() {
    let cut = serde_json::json!({"description": "The image", "of an operation": null});
    assert_eq!(cut_off(&cut), ["of an operation"]);
    assert_eq!(cut_off(&DOCUMENT), Vec::<&str>::new());
}
