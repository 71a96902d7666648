//! `POST /v1/choose`: one judge, one or more images, closed questions in the caller's words.

use actix_web::{HttpRequest, HttpResponse, web};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use serde::de::MapAccess;

use super::body::{Object, Reader, Scalar, Structure, read_object, read_structure};
use super::given::{self, GivenImage, Settings, Texts};
use super::problem::{Code, Problem};
use super::service::Service;
use crate::engine::{Engine, Judge, RunLimits};
use crate::evaluation::{
    AskedQuestion, GivenAnswers, GivenQuestion, MOST_ANSWERS, MOST_QUESTIONS, closed_questions,
};
use crate::wire::{ChooseResult, JudgeJson};

/// Most questions of one request, each counted for every image.
const MOST_ASKED: usize = 1_024;

/// What choosing takes beside judge, texts and images.
#[derive(Debug, Default)]
struct ChooseSettings {
    questions: Option<Vec<QuestionBody>>,
    question: Option<String>,
    answers: Option<GivenAnswers>,
}

/// One question as typed.
#[derive(Debug, Default)]
struct QuestionBody {
    id: Option<String>,
    question: Option<String>,
    answers: Option<GivenAnswers>,
}

/// The `questions` part of a form.
#[derive(Debug, Default)]
struct QuestionsBody(Vec<QuestionBody>);

impl Settings for ChooseSettings {
    const NAMES: &'static [&'static str] = &["questions", "question", "answers"];

    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem> {
        let text = value.text(name)?;
        match name {
            "questions" => {
                // A form has no lists, so that its questions come as JSON.
                let wrapped = [r#"{"questions":"#, text, "}"].concat();
                let QuestionsBody(questions) = read_object(MOST_QUESTIONS, wrapped.as_bytes())?;
                self.questions = Some(questions);
            }
            "answers" => {
                let typed = read_structure(MOST_ANSWERS, text.as_bytes())?;
                self.answers = Some(answers(name, &typed)?);
            }
            _ => self.question = Some(text.to_owned()),
        }
        Ok(())
    }

    fn take<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match name {
            "questions" => {
                self.questions = Some(value.list_of(MOST_QUESTIONS, too_many_questions)?);
                Ok(())
            }
            "answers" => take_answers(&mut self.answers, value),
            _ => value.scalar(|scalar| self.set(name, scalar)),
        }
    }
}

impl<'de> Object<'de> for QuestionBody {
    const FIELDS: &'static [&'static str] = &["id", "question", "answers"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "id" => self.id = Some(value.text()?.into_owned()),
            "question" => self.question = Some(value.text()?.into_owned()),
            "answers" => take_answers(&mut self.answers, value)?,
            _ => return value.unknown(Self::FIELDS),
        }
        Ok(())
    }
}

impl<'de> Object<'de> for QuestionsBody {
    const FIELDS: &'static [&'static str] = &["questions"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "questions" => self.0 = value.list_of(MOST_QUESTIONS, too_many_questions)?,
            _ => return value.unknown(Self::FIELDS),
        }
        Ok(())
    }
}

fn take_answers<'de, A: MapAccess<'de>>(
    into: &mut Option<GivenAnswers>,
    value: Reader<'_, A>,
) -> Result<(), A::Error> {
    value.structure(|typed| {
        *into = Some(answers("answers", typed)?);
        Ok(())
    })
}

/// A list of answers, or an object of lists of their further spellings.
fn answers(name: &str, typed: &Structure) -> Result<GivenAnswers, Problem> {
    let answers = match typed {
        Structure::Named(_) => typed.text_lists(name)?,
        Structure::One(_) | Structure::List(_) => {
            let names = typed.texts(name)?.into_iter();
            names.map(|answer| (answer, Vec::new())).collect()
        }
    };
    Ok(GivenAnswers(answers))
}

fn too_many_questions(most: usize) -> Problem {
    let detail = format!("one request may have at most {most} questions");
    Problem::new(Code::InvalidValue, detail).hint("send the rest in further requests")
}

impl ChooseSettings {
    /// The questions, given as a list or as the one.
    fn asked(self) -> Result<Vec<AskedQuestion>, Problem> {
        let (questions, is_list) = match (self.questions, self.question) {
            (Some(_), Some(_)) => {
                let detail =
                    "`question` and `questions` are both given; one of them says what is asked";
                return Err(Problem::new(Code::InvalidValue, detail).at("/question"));
            }
            (Some(_), None) if self.answers.is_some() => {
                let detail = "`answers` beside `questions`: each of them has its own";
                return Err(Problem::new(Code::InvalidValue, detail).at("/answers"));
            }
            (Some(questions), None) => (questions, true),
            (None, Some(question)) => {
                let alone = QuestionBody {
                    id: None,
                    question: Some(question),
                    answers: self.answers,
                };
                (vec![alone], false)
            }
            (None, None) => return Err(nothing_asked("/questions")),
        };
        if questions.is_empty() {
            return Err(nothing_asked("/questions"));
        }
        let mut given = Vec::with_capacity(questions.len());
        for (at, typed) in questions.into_iter().enumerate() {
            let Some(question) = typed.question else {
                return Err(nothing_asked(&format!("/questions/{at}")));
            };
            given.push(GivenQuestion {
                id: typed.id,
                question,
                answers: typed.answers,
            });
        }
        closed_questions(given).map_err(|fault| {
            let pointer = match is_list {
                true => format!("/questions/{}/{}", fault.at, fault.field),
                false => format!("/{}", fault.field),
            };
            Problem::new(Code::InvalidValue, fault.detail).at(pointer)
        })
    }
}

fn nothing_asked(pointer: &str) -> Problem {
    Problem::new(Code::MissingField, "nothing is asked")
        .at(pointer)
        .hint(r#"give `question` and perhaps `answers`, or `questions`: [{"question": "Is there a dog?"}]"#)
}

/// What is answered.
#[derive(Debug, Serialize)]
struct ChooseReply {
    judge: JudgeJson,
    results: Vec<ChooseResult>,
}

/// Asks closed questions about the images of one request; a fault of one image is its own result.
pub(super) async fn choose(
    http: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let limits = service.limits(&http);
    let body = given::open(&http, payload, service.bounds)?;
    let request = given::read::<ChooseSettings>(&http, body, service.bounds).await?;
    let questions = request.settings.asked()?;
    if !request.judge_given {
        let detail = "no judge is named, and the one that judges where nobody is named scores";
        return Err(Problem::new(Code::MissingField, detail).at("/judge").hint(
            "name a judge whose `protocol` is `choose` in GET /v1/judges, such as `choose@BACKEND`",
        ));
    }
    let judge = service.judge(&request.judge)?;
    if judge.card.recipe.choose().is_none() {
        return Err(Problem::from(judge.wrong_protocol("choose")).at("/judge"));
    }
    let subjects = subjects(&judge, request.images, request.texts)?;
    let wanted = subjects.len() * questions.len();
    if wanted > MOST_ASKED {
        let detail = format!(
            "{} questions about {} images are {wanted}; one request may ask at most {MOST_ASKED}",
            questions.len(),
            subjects.len()
        );
        return Err(Problem::new(Code::InvalidValue, detail)
            .at("/questions")
            .hint("send the rest in further requests"));
    }
    let asking = Asking {
        engine: &service.engine,
        judge: &judge,
        questions: &questions,
        limits: &limits,
    };
    let at_once = judge.backend()?.abilities().concurrency.max(1);
    let results = stream::iter(subjects)
        .map(|subject| asking.ask(subject))
        .buffered(at_once)
        .try_collect()
        .await?;
    Ok(HttpResponse::Ok().json(ChooseReply {
        judge: JudgeJson::new(&judge),
        results,
    }))
}

/// Images that are asked about together, with the texts that the question quotes.
struct Shown {
    images: Vec<GivenImage>,
    texts: Texts,
}

/// Each image by itself, or all together where the judge looks at several.
fn subjects(judge: &Judge, images: Vec<GivenImage>, texts: Texts) -> Result<Vec<Shown>, Problem> {
    let together = judge.card.recipe.images();
    if together <= 1 {
        let alone = images.into_iter().map(|image| Shown {
            texts: image.texts.clone(),
            images: vec![image],
        });
        return Ok(alone.collect());
    }
    if images.len() != together {
        let detail = format!(
            "the judge looks at {together} images together, the request has {}",
            images.len()
        );
        return Err(Problem::new(Code::InvalidValue, detail).at("/images"));
    }
    Ok(vec![Shown { images, texts }])
}

/// How each subject is asked about.
struct Asking<'a> {
    engine: &'a Engine,
    judge: &'a Judge,
    questions: &'a [AskedQuestion],
    limits: &'a RunLimits,
}

impl Asking<'_> {
    async fn ask(&self, subject: Shown) -> Result<ChooseResult, Problem> {
        let Asking {
            engine,
            judge,
            questions,
            limits,
        } = *self;
        let (names, images): (Vec<String>, Vec<_>) = subject
            .images
            .into_iter()
            .map(|given| (given.name, given.image))
            .unzip();
        let images = images.into_iter().collect();
        let asked = questions
            .iter()
            .map(|question| question.asked.clone())
            .collect();
        let chosen = engine.choose(judge, images, subject.texts, asked, limits);
        let (provenance, answers) = chosen.await?;
        Ok(ChooseResult::new(names, questions, &provenance, &answers))
    }
}
