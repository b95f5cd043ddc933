//! What goes into a statement and comes out of a row, the same for each database.

use super::DatabaseError;

/// What stands for `?1`, `?2`, … in a statement. Nothing has a kind too: PostgreSQL wants to know it beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// What a statement takes.
pub(crate) trait ToValue {
    /// Nothing, where this would be.
    const NOTHING: Value;

    fn value(&self) -> Value;
}

macro_rules! integers {
    ($($kind:ty),*) => {
        $(impl ToValue for $kind {
            const NOTHING: Value = Value::Integer(None);

            // What is larger than the database holds is larger than all that it holds.
            fn value(&self) -> Value {
                Value::Integer(Some(i64::try_from(*self).unwrap_or(i64::MAX)))
            }
        }

        impl FromField for $kind {
            fn from_field(field: Field<'_>) -> Option<Self> {
                match field {
                    Field::Integer(number) => number.try_into().ok(),
                    _ => None,
                }
            }
        })*
    };
}

integers!(i64, u64, u32, usize);

impl ToValue for bool {
    const NOTHING: Value = Value::Integer(None);

    fn value(&self) -> Value {
        Value::Integer(Some(i64::from(*self)))
    }
}

impl ToValue for str {
    const NOTHING: Value = Value::Text(None);

    fn value(&self) -> Value {
        Value::Text(Some(self.to_owned()))
    }
}

impl ToValue for String {
    const NOTHING: Value = Value::Text(None);

    fn value(&self) -> Value {
        Value::Text(Some(self.clone()))
    }
}

impl ToValue for Vec<u8> {
    const NOTHING: Value = Value::Bytes(None);

    fn value(&self) -> Value {
        Value::Bytes(Some(self.clone()))
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    const NOTHING: Value = T::NOTHING;

    fn value(&self) -> Value {
        T::value(self)
    }
}

impl<T: ToValue> ToValue for Option<T> {
    const NOTHING: Value = T::NOTHING;

    fn value(&self) -> Value {
        self.as_ref().map_or(Self::NOTHING, ToValue::value)
    }
}

/// All that a statement takes.
pub(crate) trait Params {
    fn values(self) -> Vec<Value>;
}

/// None.
impl Params for () {
    fn values(self) -> Vec<Value> {
        Vec::new()
    }
}

/// As [`params!`] makes them.
impl Params for Vec<Value> {
    fn values(self) -> Vec<Value> {
        self
    }
}

impl<T: ToValue, const N: usize> Params for [T; N] {
    fn values(self) -> Vec<Value> {
        self.iter().map(ToValue::value).collect()
    }
}

impl<T: ToValue> Params for &[T] {
    fn values(self) -> Vec<Value> {
        self.iter().map(ToValue::value).collect()
    }
}

/// What a statement takes, of different kinds.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::store::ToValue::value(&$value)),*]
    };
}
pub(crate) use params;

/// What stands in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Field<'a> {
    Nothing,
    Integer(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// What is read from a row; `None`: it is something else.
pub(crate) trait FromField: Sized {
    fn from_field(field: Field<'_>) -> Option<Self>;
}

impl FromField for bool {
    fn from_field(field: Field<'_>) -> Option<Self> {
        match field {
            Field::Integer(number) => Some(number != 0),
            _ => None,
        }
    }
}

impl FromField for String {
    fn from_field(field: Field<'_>) -> Option<Self> {
        match field {
            Field::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
}

impl FromField for Vec<u8> {
    fn from_field(field: Field<'_>) -> Option<Self> {
        match field {
            Field::Bytes(bytes) => Some(bytes.to_vec()),
            _ => None,
        }
    }
}

impl<T: FromField> FromField for Option<T> {
    fn from_field(field: Field<'_>) -> Option<Self> {
        match field {
            Field::Nothing => Some(None),
            field => T::from_field(field).map(Some),
        }
    }
}

/// A column by name, or by number from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column<'a> {
    Name(&'a str),
    Number(usize),
}

/// What names a column.
pub(crate) trait ToColumn {
    fn column(&self) -> Column<'_>;
}

impl ToColumn for &str {
    fn column(&self) -> Column<'_> {
        Column::Name(self)
    }
}

impl ToColumn for usize {
    fn column(&self) -> Column<'_> {
        Column::Number(*self)
    }
}

impl std::fmt::Display for Column<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{name}"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// A row that was found.
pub(crate) enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

impl Row<'_> {
    /// What stands in a column.
    ///
    /// # Errors
    /// There is no such column, or something else stands there.
    pub(crate) fn get<C: ToColumn, T: FromField>(&self, column: C) -> Result<T, DatabaseError> {
        let column = column.column();
        let field = self.field(column)?;
        T::from_field(field).ok_or_else(|| DatabaseError::Column {
            column: column.to_string(),
            reason: format!("{field:?} stands there"),
        })
    }
}

impl Row<'_> {
    fn field(&self, column: Column<'_>) -> Result<Field<'_>, DatabaseError> {
        match self {
            Self::Sqlite(row) => sqlite(row, column),
            Self::Postgres(row) => Ok(match column {
                Column::Name(name) => row.try_get(name)?,
                Column::Number(number) => row.try_get(number)?,
            }),
        }
    }

    fn names(&self) -> Vec<&str> {
        match self {
            Self::Sqlite(row) => row.as_ref().column_names(),
            Self::Postgres(row) => row.columns().iter().map(|column| column.name()).collect(),
        }
    }

    /// What stands in each column where something does.
    pub(super) fn values(&self) -> Result<Vec<(String, Value)>, DatabaseError> {
        let names = self.names();
        let mut all = Vec::with_capacity(names.len());
        for name in names {
            let value = match self.field(Column::Name(name))? {
                Field::Nothing => continue,
                Field::Integer(number) => Value::Integer(Some(number)),
                Field::Text(text) => Value::Text(Some(text.to_owned())),
                Field::Bytes(bytes) => Value::Bytes(Some(bytes.to_vec())),
            };
            all.push((name.to_owned(), value));
        }
        Ok(all)
    }
}

fn sqlite<'a>(row: &'a rusqlite::Row<'a>, column: Column<'_>) -> Result<Field<'a>, DatabaseError> {
    use rusqlite::types::ValueRef;
    let found = match column {
        Column::Name(name) => row.get_ref(name)?,
        Column::Number(number) => row.get_ref(number)?,
    };
    let unread = |reason: String| DatabaseError::Column {
        column: column.to_string(),
        reason,
    };
    match found {
        ValueRef::Null => Ok(Field::Nothing),
        ValueRef::Integer(number) => Ok(Field::Integer(number)),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|e| unread(e.to_string()))?;
            Ok(Field::Text(text))
        }
        ValueRef::Blob(bytes) => Ok(Field::Bytes(bytes)),
        ValueRef::Real(number) => Err(unread(format!("the fraction {number} stands there"))),
    }
}
