//! Whether a written answer declines to answer.

/// How a refusal begins, in lower case. Seen in the answers of published judges and in guides of providers.
const PHRASES: [&str; 30] = [
    "i'm sorry",
    "i am sorry",
    "sorry, but",
    "sorry, i",
    "i apologize",
    "i apologise",
    "i cannot",
    "i can't",
    "i can not",
    "i won't",
    "i will not",
    "i'm unable",
    "i am unable",
    "i'm not able",
    "i am not able",
    "unable to assist",
    "unable to process",
    "as an ai",
    "as a language model",
    "against my guidelines",
    "no image was provided",
    "抱歉",
    "对不起",
    "很遗憾",
    "我无法",
    "我不能",
    "无法回答",
    "无法提供",
    "作为一个人工智能",
    "作为人工智能",
];
/// A refusal is said at the beginning.
const BEGINNING: usize = 200;

/// The phrase by which a text declines, if it does.
pub fn refusal_phrase(text: &str) -> Option<&'static str> {
    let beginning: String = text.trim().chars().take(BEGINNING).collect();
    let beginning = beginning.to_lowercase().replace('\u{2019}', "'");
    PHRASES
        .into_iter()
        .find(|phrase| beginning.contains(phrase))
}
