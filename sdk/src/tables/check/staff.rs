//! Faults of codes about which nothing says who may bill them, or two things do.

use super::Checker;
use crate::tables::document::Located;
use crate::tables::rows::Row;

impl Checker<'_> {
    pub(super) fn check_staff(&mut self) {
        let document = self.document;
        if !document.is_whole("staff") || !document.is_whole("sets") {
            return;
        }
        for Located { row, place } in &document.codes {
            let (code, days) = (row.code.as_str(), document.range(&row.common()));
            let names_code = |names: &[String]| document.sets.resolve(names).contains(&code);
            let mut staff = document.staff.iter().filter(|staff| names_code(&staff.row.codes));
            let Some(_) = row.roles else {
                if staff.next().is_none() {
                    let message = format!(
                        "no `[[staff]]` row names `{code}`, so nobody may bill it; add one, or write `roles = \"any\"` where anybody may"
                    );
                    self.fault_at(*place, "code", None, message);
                }
                continue;
            };
            if let Some(other) = staff.find(|staff| document.range(&staff.row.common()).overlaps(&days)) {
                let message = format!(
                    "`roles = \"any\"` says that anybody may bill `{code}`, and the `staff` row in {} says who may; take one of them out",
                    document.line_of(other.place)
                );
                self.fault_at(*place, "roles", None, message);
            }
        }
    }
}
