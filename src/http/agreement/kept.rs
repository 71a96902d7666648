//! What the routes of kept labels share.

use actix_web::HttpRequest;

use crate::http::given;
use crate::http::problem::{Code, Problem};
use crate::http::service::Service;
use crate::store::Store;

/// Where labels are kept.
pub(super) fn store(service: &Service) -> Result<&Store, Problem> {
    service.lasting.store().ok_or_else(|| {
        let detail = "this service has no data folder, so that it keeps no labels";
        Problem::new(Code::LabelsOff, detail).hint(
            "start it with `opine serve --data FOLDER`, or audit all labels at once at /v1/agreement",
        )
    })
}

/// The judge that the path names; labels of `judge` and of `judge@backend` are apart.
pub(super) fn judge_name(http: &HttpRequest) -> Result<String, Problem> {
    Ok(given::judge_name(http.match_info().query("id"))?.to_owned())
}
