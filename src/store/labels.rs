//! Labels beside judged values, by caller and judge.

use rusqlite::{Connection, params};

use super::{Store, StoreError};

/// One label, and what the judge said of the same item.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelRow {
    /// The item.
    pub id: String,
    /// The judge's value; none where it gave none.
    pub judged: Option<f64>,
    /// People's value.
    pub human: f64,
    /// When, in milliseconds since 1970.
    pub time: i64,
}

/// What became of labels that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TakenLabels {
    /// Of items that were not labelled before.
    pub added: usize,
    /// Of items that were: the new value stands in the place of the old one.
    pub replaced: usize,
    /// The oldest, which went because there were too many.
    pub forgotten: usize,
    /// All that are there now.
    pub total: usize,
}

impl Store {
    /// Takes labels for a judge of a caller: all of them or, after an error, none. An id that was labelled before is
    /// labelled anew, and only the newest `most` stay.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_labels(
        &self,
        caller: &str,
        judge: &str,
        rows: Vec<LabelRow>,
        most: usize,
    ) -> Result<TakenLabels, StoreError> {
        let (caller, judge) = (caller.to_owned(), judge.to_owned());
        self.write(move |connection| Ok(take(connection, &caller, &judge, &rows, most)?))
            .await
    }

    /// All labels for a judge of a caller, in order of time; those of one time as they came.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn labels(&self, caller: &str, judge: &str) -> Result<Vec<LabelRow>, StoreError> {
        let owner = [caller.to_owned(), judge.to_owned()];
        self.read(move |connection| {
            let mut select = connection.prepare_cached(
                "SELECT id, judged, human, time FROM labels WHERE caller = ?1 AND judge = ?2 ORDER BY time, number",
            )?;
            let rows = select.query_map(owner, |row| {
                Ok(LabelRow {
                    id: row.get(0)?,
                    judged: row.get(1)?,
                    human: row.get(2)?,
                    time: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// Forgets all labels for a judge of a caller; how many there were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_labels(&self, caller: &str, judge: &str) -> Result<usize, StoreError> {
        let owner = [caller.to_owned(), judge.to_owned()];
        self.write(move |connection| {
            let delete = "DELETE FROM labels WHERE caller = ?1 AND judge = ?2";
            Ok(connection.execute(delete, owner)?)
        })
        .await
    }
}

fn take(
    connection: &Connection,
    caller: &str,
    judge: &str,
    rows: &[LabelRow],
    most: usize,
) -> rusqlite::Result<TakenLabels> {
    let mut taken = TakenLabels::default();
    let mut update = connection.prepare_cached(
        "UPDATE labels SET judged = ?4, human = ?5, time = ?6 WHERE caller = ?1 AND judge = ?2 AND id = ?3",
    )?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO labels (caller, judge, id, judged, human, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for row in rows {
        let values = params![caller, judge, row.id, row.judged, row.human, row.time];
        if update.execute(values)? > 0 {
            taken.replaced += 1;
        } else {
            insert.execute(values)?;
            taken.added += 1;
        }
    }
    let count = "SELECT count(*) FROM labels WHERE caller = ?1 AND judge = ?2";
    let count: i64 = connection
        .prepare_cached(count)?
        .query_row([caller, judge], |row| row.get(0))?;
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    taken.forgotten = count.saturating_sub(most);
    taken.total = count - taken.forgotten;
    if taken.forgotten > 0 {
        connection.execute(
            "DELETE FROM labels WHERE number IN (
                 SELECT number FROM labels WHERE caller = ?1 AND judge = ?2 ORDER BY time, number LIMIT ?3
             )",
            params![caller, judge, i64::try_from(taken.forgotten).unwrap_or(i64::MAX)],
        )?;
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreOptions;

    fn label(id: &str, time: i64) -> LabelRow {
        LabelRow {
            id: id.to_owned(),
            judged: Some(0.5),
            human: 3.0,
            time,
        }
    }

    fn ids(rows: &[LabelRow]) -> Vec<&str> {
        rows.iter().map(|row| row.id.as_str()).collect()
    }

    #[tokio::test]
    async fn labels_are_in_order_of_time_each_item_once_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions {
            folder: folder.path().to_owned(),
            most_bytes: None,
            salvage: false,
        };
        let store = Store::open(&options).unwrap();
        let first = vec![label("b", 20), label("a", 10), label("c", 20)];
        let taken = store.take_labels("me", "j", first, 3).await.unwrap();
        assert_eq!((taken.added, taken.total), (3, 3));
        assert_eq!(
            ids(&store.labels("me", "j").await.unwrap()),
            ["a", "b", "c"]
        );
        let unscored = LabelRow {
            judged: None,
            human: 4.0,
            ..label("b", 30)
        };
        let taken = store
            .take_labels("me", "j", vec![unscored.clone(), label("d", 40)], 3)
            .await
            .unwrap();
        let expected = TakenLabels {
            added: 1,
            replaced: 1,
            forgotten: 1,
            total: 3,
        };
        assert_eq!(taken, expected);
        let rows = store.labels("me", "j").await.unwrap();
        assert_eq!(ids(&rows), ["c", "b", "d"]);
        assert_eq!(rows[1], unscored);
        // Another caller and another judge have none of them.
        assert!(store.labels("you", "j").await.unwrap().is_empty());
        assert!(store.labels("me", "k").await.unwrap().is_empty());
        assert_eq!(store.forget_labels("you", "j").await.unwrap(), 0);
        drop(store);
        let store = Store::open(&options).unwrap();
        assert_eq!(store.labels("me", "j").await.unwrap().len(), 3);
        assert_eq!(store.forget_labels("me", "j").await.unwrap(), 3);
        assert!(store.labels("me", "j").await.unwrap().is_empty());
    }

    /// A database as the version before labels left it.
    #[tokio::test]
    async fn a_database_without_labels_is_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let before = Connection::open(folder.path().join("opine.sqlite")).unwrap();
        before.execute_batch(include_str!("schema/1.sql")).unwrap();
        before.pragma_update(None, "user_version", 1).unwrap();
        drop(before);
        let options = StoreOptions {
            folder: folder.path().to_owned(),
            most_bytes: None,
            salvage: false,
        };
        let store = Store::open(&options).unwrap();
        let taken = store
            .take_labels("me", "j", vec![label("a", 1)], 10)
            .await
            .unwrap();
        assert_eq!(taken.added, 1);
    }
}
