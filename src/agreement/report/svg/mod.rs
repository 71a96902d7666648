//! Figures as inline SVG, drawn by hand: the page's style sheet gives the colours, so that one drawing serves light,
//! dark and paper.

mod axis;
mod canvas;
mod forest;
mod ranks;
mod reliability;
mod residuals;
mod scatter;

pub(super) use canvas::escaped;
pub(super) use forest::{Mark, forest};
pub(super) use ranks::ranks;
pub(super) use reliability::reliability;
pub(super) use residuals::residuals;
pub(super) use scatter::scatter;
