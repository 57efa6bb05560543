//! Opens the database that an address names.

use std::sync::Arc;

use crate::error::StoreError;
use crate::store::Store;
use crate::{postgres, sqlite};

/// Opens `sqlite:PATH`, `sqlite::memory:` or `postgres://…` and brings its tables up to date.
/// # Errors
/// [`StoreError::BadAddress`], [`StoreError::UnsafeDatabase`], [`StoreError::Migration`], [`StoreError::Unavailable`].
pub async fn connect(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => Ok(Arc::new(sqlite::open(url).await?)),
        Some("postgres" | "postgresql") => Ok(Arc::new(postgres::open(url).await?)),
        Some(_) | None => {
            // Only what stands before the first colon, and little of it: an address may hold a password.
            let scheme = url.split(':').next().unwrap_or_default().chars().take(16).collect();
            Err(StoreError::BadAddress { scheme })
        }
    }
}
