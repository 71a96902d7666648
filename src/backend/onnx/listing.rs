//! Which files of a repository a model needs: the names that its folder will be searched for.

/// The files beside the graphs that any kind may read; a repository has those that its kind needs.
const SMALL: [&str; 7] = [
    "chat_template.jinja",
    "chat_template.json",
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
];

/// A kind of model, as far as the names of its files depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportKind {
    /// A multimodal language model.
    Language {
        /// Which of several exports, by the end of their names.
        variant: Option<String>,
    },
    /// A dual encoder.
    DualEncoder,
    /// A reward model.
    Scalar,
}

impl ExportKind {
    /// The files to fetch of those that a repository lists.
    ///
    /// # Errors
    /// The names of graphs that it does not list.
    pub fn files(&self, listed: &[String]) -> Result<Vec<String>, Vec<String>> {
        let graphs = self.graphs(listed);
        let mut files: Vec<String> = SMALL
            .iter()
            .filter(|name| listed.iter().any(|listed| listed == *name))
            .map(|name| (*name).to_owned())
            .collect();
        let mut missing = Vec::new();
        for graph in &graphs {
            match place(graph, listed) {
                Some(folder) => files.extend(with_weights(folder, graph, listed)),
                None => missing.push(format!("onnx/{graph}.onnx")),
            }
        }
        match missing.is_empty() {
            true => Ok(files),
            false => Err(missing),
        }
    }

    /// Names of the graphs, without folder and extension.
    fn graphs(&self, listed: &[String]) -> Vec<String> {
        match self {
            ExportKind::Language { variant } => {
                ["vision_encoder", "embed_tokens", "decoder_model_merged"]
                    .map(|name| match variant {
                        Some(variant) => format!("{name}_{variant}"),
                        None => name.to_owned(),
                    })
                    .to_vec()
            }
            ExportKind::DualEncoder => {
                let towers = ["vision_model", "text_model"];
                match towers.iter().all(|tower| place(tower, listed).is_some()) {
                    true => towers.map(str::to_owned).to_vec(),
                    false => vec!["model".to_owned()],
                }
            }
            ExportKind::Scalar => vec!["model".to_owned()],
        }
    }
}

/// The folder of a graph, `onnx/` before the repository's own.
fn place(graph: &str, listed: &[String]) -> Option<&'static str> {
    let has = |folder: &str| {
        let name = format!("{folder}{graph}.onnx");
        listed.contains(&name)
    };
    ["onnx/", ""].into_iter().find(|folder| has(folder))
}

/// A graph, and the weights beside it whose names begin like its own.
fn with_weights(folder: &str, graph: &str, listed: &[String]) -> Vec<String> {
    let beginning = format!("{folder}{graph}.");
    // Names come from elsewhere and become files here: none may lead to another folder.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    listed
        .iter()
        .filter(|name| {
            name.strip_prefix(&beginning)
                .is_some_and(|end| end.starts_with("onnx") && end.chars().all(plain))
        })
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(kind: &ExportKind, listed: &[&str]) -> Result<Vec<String>, Vec<String>> {
        let listed: Vec<String> = listed.iter().map(|name| (*name).to_owned()).collect();
        kind.files(&listed)
    }

    fn language(variant: Option<&str>) -> ExportKind {
        ExportKind::Language {
            variant: variant.map(str::to_owned),
        }
    }

    #[test]
    fn what_a_kind_reads_is_fetched_and_nothing_else() {
        let dual = ExportKind::DualEncoder;
        let apart = [
            "README.md",
            "config.json",
            "onnx/model.onnx",
            "onnx/text_model.onnx",
            "onnx/text_model_q4.onnx",
            "onnx/vision_model.onnx",
            "pytorch_model.bin",
        ];
        assert_eq!(
            files(&dual, &apart).unwrap(),
            [
                "config.json",
                "onnx/vision_model.onnx",
                "onnx/text_model.onnx"
            ]
        );
        assert_eq!(
            files(&ExportKind::Scalar, &apart).unwrap(),
            ["config.json", "onnx/model.onnx"]
        );
        let joint = ["model.onnx", "onnx/vision_model.onnx"];
        assert_eq!(files(&dual, &joint).unwrap(), ["model.onnx"]);
    }

    #[test]
    fn weights_come_with_their_graph_and_lead_nowhere_else() {
        let listed = [
            "onnx/decoder_model_merged_q4.onnx",
            "onnx/decoder_model_merged_q4.onnx_data",
            "onnx/decoder_model_merged_q4.onnx_data_1",
            "onnx/decoder_model_merged_q4.onnx/../../../profile",
            "onnx/decoder_model_merged_q4f16.onnx",
            "onnx/embed_tokens_q4.onnx",
            "onnx/vision_encoder_q4.onnx",
        ];
        assert_eq!(
            files(&language(Some("q4")), &listed).unwrap(),
            [
                "onnx/vision_encoder_q4.onnx",
                "onnx/embed_tokens_q4.onnx",
                "onnx/decoder_model_merged_q4.onnx",
                "onnx/decoder_model_merged_q4.onnx_data",
                "onnx/decoder_model_merged_q4.onnx_data_1",
            ]
        );
        assert_eq!(
            files(&language(Some("q4f16")), &listed).unwrap_err(),
            [
                "onnx/vision_encoder_q4f16.onnx",
                "onnx/embed_tokens_q4f16.onnx"
            ]
        );
    }
}
