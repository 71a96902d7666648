//! T2I-Eval: a text, a picture, and explained scores of appearance, intrinsic attributes and relationships (Tu et al.,
//! arXiv 2411.15488; repository maziao/T2I-Eval).
//!
//! Here are its words and the readers of what language models write in its shapes; the order of its stages stands in
//! [`T2iEval`](crate::judging::protocol::T2iEval). The wordings are our own, the stages and shapes are the authors'.

mod aggregate;
mod extracted;
mod markdown;
mod replies;
mod wordings;

pub use aggregate::{Aggregation, AspectScores, MissingScore, aggregate, combined, with_means};
pub use extracted::{
    Aspect, AspectQuestion, Attribute, Entity, Extracted, ExtractedError, Relation,
};
pub use markdown::parse_markdown;
pub use replies::{Given, ShapeError, TOP, answer, explanation, joint_line, score};
pub use wordings::{
    answer_question, appearance_question, evaluate_question, extraction_request, merge_request,
    quoted, score_request, summary_request,
};
