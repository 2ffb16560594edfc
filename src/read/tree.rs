//! Front matter as a tree of its known fields, laid out flat in memory that serves for one file after another.
//!
//! A tree of boxes and lists cost a third of the first reading, in memory that was asked for and given back. Here every node
//! is an item of one list, parents before children, and knows where the next one beside it begins. Texts stay in the file's
//! own text; only what YAML writes in another way than it means is kept apart.

use std::fmt;

use super::field::Field;

/// A place in the front matter, in bytes from its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Where it starts.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// As [`Place`], in half the memory: front matter is at most 256 KiB.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    end: u32,
}

impl From<Place> for Span {
    fn from(place: Place) -> Self {
        let narrow = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: narrow(place.start), end: narrow(place.end) }
    }
}

impl Span {
    fn place(self) -> Place {
        Place { start: self.start as usize, end: self.end as usize }
    }

    fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// A known key: what it means, how good a name of the field it is (0 is best), and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) field: Field,
    pub(super) rank: u8,
    pub(super) place: Place,
}

/// What can hold other nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    List,
    Map,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Nothing, or one of YAML's words for it, not quoted.
    Null,
    /// A scalar that stands in the file as it is meant.
    Written,
    /// A scalar whose text is kept in [`Tree::meant`].
    Meant,
    List,
    Map,
}

/// One node, and the key that it belongs to if it is in a map.
#[derive(Clone, Copy, Debug)]
struct Item {
    field: Option<Field>,
    rank: u8,
    form: Form,
    /// How many items this one is, with everything in it.
    size: u32,
    key: Span,
    place: Span,
    text: Span,
}

/// The memory of a tree. Reading into it begins with [`Tree::clear`].
#[derive(Debug, Default)]
pub struct Tree {
    items: Vec<Item>,
    /// Scalars after YAML's escapes and folds, one behind the other.
    meant: String,
    /// For who reads into the tree: the keys of the maps that are open, outermost first.
    pub(super) keys: Vec<(u32, u32)>,
}

impl Tree {
    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.meant.clear();
        self.keys.clear();
    }

    pub(super) fn null(&mut self, key: Option<Key>, place: Place) {
        self.push(key, place, Form::Null, Span::default());
    }

    /// A scalar whose text stands in the file at `text`.
    pub(super) fn written(&mut self, key: Option<Key>, place: Place, text: Place) {
        self.push(key, place, Form::Written, text.into());
    }

    /// A scalar whose text is what `write` appends.
    pub(super) fn meant(&mut self, key: Option<Key>, place: Place, write: impl FnOnce(&mut String)) {
        let start = self.meant.len();
        write(&mut self.meant);
        let text = Place { start, end: self.meant.len() };
        self.push(key, place, Form::Meant, text.into());
    }

    /// Begins a list or a map; the number is for [`Tree::close`].
    pub(super) fn open(&mut self, key: Option<Key>, place: Place, kind: Kind) -> usize {
        let form = if kind == Kind::List { Form::List } else { Form::Map };
        self.push(key, place, form, Span::default());
        self.items.len() - 1
    }

    /// Ends a list or a map. It is where its first item is: where it ends is of no use, and hard to say.
    pub(super) fn close(&mut self, number: usize) {
        let size = self.items.len() - number;
        let first = self.items.get(number + 1).map(|item| item.place.start);
        let Some(item) = self.items.get_mut(number) else { return };
        if item.form == Form::List {
            item.place.start = first.unwrap_or(item.place.start);
        }
        item.place.end = item.place.start;
        item.size = u32::try_from(size).unwrap_or(u32::MAX);
    }

    fn push(&mut self, key: Option<Key>, place: Place, form: Form, text: Span) {
        let (field, rank, key) = match key {
            Some(key) => (Some(key.field), key.rank, key.place.into()),
            None => (None, 0, Span::default()),
        };
        self.items.push(Item { field, rank, form, size: 1, key, place: place.into(), text });
    }
}

/// Front matter that was read: its text, and the tree of its known fields.
#[derive(Clone, Copy)]
pub struct FrontMatter<'t> {
    text: &'t str,
    tree: &'t Tree,
}

impl<'t> FrontMatter<'t> {
    /// What was read from `text` into `tree`.
    pub(super) fn new(text: &'t str, tree: &'t Tree) -> Self {
        Self { text, tree }
    }

    /// The known keys of the top level.
    #[must_use]
    pub fn pairs(self) -> Nodes<'t> {
        Nodes { of: self, next: 0, end: self.tree.items.len() }
    }
}

/// Nodes beside each other: the items of a list, or the known keys of a map with their values.
#[derive(Clone)]
pub struct Nodes<'t> {
    of: FrontMatter<'t>,
    next: usize,
    end: usize,
}

impl<'t> Iterator for Nodes<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        if self.next >= self.end {
            return None;
        }
        let node = Node { of: self.of, at: self.next };
        self.next += node.item().size as usize;
        Some(node)
    }
}

/// A value, where it stands, and the key that it belongs to.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    of: FrontMatter<'t>,
    at: usize,
}

/// What stands in a file, as written: what `yes` or `1984` means is for the field to say.
#[derive(Clone)]
pub enum Value<'t> {
    /// Nothing, or one of YAML's words for it, not quoted.
    Null,
    /// A scalar after YAML's escapes.
    Text(&'t str),
    /// A list.
    List(Nodes<'t>),
    /// A map: its known keys.
    Map(Nodes<'t>),
}

impl Value<'_> {
    /// What it is, for a message.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

impl<'t> Node<'t> {
    fn item(self) -> &'t Item {
        &self.of.tree.items[self.at]
    }

    /// What its key means; nothing for an item of a list.
    #[must_use]
    pub fn field(self) -> Option<Field> {
        self.item().field
    }

    /// Where its key stands.
    #[must_use]
    pub fn key(self) -> Place {
        self.item().key.place()
    }

    /// Where it stands.
    #[must_use]
    pub fn place(self) -> Place {
        self.item().place.place()
    }

    /// What it is.
    #[must_use]
    pub fn value(self) -> Value<'t> {
        let item = self.item();
        let inner = || Nodes { of: self.of, next: self.at + 1, end: self.at + item.size as usize };
        match item.form {
            Form::Null => Value::Null,
            Form::Written => Value::Text(item.text.of(self.of.text)),
            Form::Meant => Value::Text(item.text.of(&self.of.tree.meant)),
            Form::List => Value::List(inner()),
            Form::Map => Value::Map(inner()),
        }
    }

    /// The items of a list, or else the one value that stands for a list of one.
    #[must_use]
    pub fn items(self) -> Nodes<'t> {
        match self.value() {
            Value::List(items) => items,
            _ => Nodes { of: self.of, next: self.at, end: self.at + 1 },
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.item().form == Form::Null
    }
}

/// The known keys of one map, by what they mean.
#[derive(Clone, Copy)]
pub struct Map<'t> {
    of: FrontMatter<'t>,
    /// For each field its value, counted from 1; 0 for none.
    values: [u32; Field::COUNT],
}

impl<'t> Map<'t> {
    /// Finds for each field its value: under its best name, and not null. Programs write `""` for what is not there, which
    /// only a title must not be.
    #[must_use]
    pub fn of(pairs: Nodes<'t>) -> Self {
        let mut map = Self { of: pairs.of, values: [0; Field::COUNT] };
        for node in pairs {
            let item = node.item();
            let Some(field) = item.field else { continue };
            let given = match node.value() {
                Value::Null => false,
                Value::Text(text) => field == Field::Title || !text.trim().is_empty(),
                _ => true,
            };
            let place = &mut map.values[field as usize];
            let better = *place == 0 || item.rank < map.of.tree.items[*place as usize - 1].rank;
            if given && better {
                *place = u32::try_from(node.at + 1).unwrap_or(0);
            }
        }
        map
    }

    /// The value of a field, with its key.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<Node<'t>> {
        let at = (self.values[field as usize] as usize).checked_sub(1)?;
        Some(Node { of: self.of, at })
    }

    /// Whether there is a value of this field.
    #[must_use]
    pub fn has(&self, field: Field) -> bool {
        self.values[field as usize] != 0
    }
}

/// Everything that is in the tree, places included: two trees are the same if they read the same.
impl fmt::Debug for FrontMatter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.pairs()).finish()
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = self.item();
        if let Some(field) = item.field {
            write!(f, "{field:?}/{}@{}..{}: ", item.rank, item.key.start, item.key.end)?;
        }
        write!(f, "@{}..{} ", item.place.start, item.place.end)?;
        self.value().fmt(f)
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Text(text) => text.fmt(f),
            Self::List(items) => f.debug_list().entries(items.clone()).finish(),
            Self::Map(pairs) => f.debug_set().entries(pairs.clone()).finish(),
        }
    }
}
