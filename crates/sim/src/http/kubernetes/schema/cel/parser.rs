//! From words to an expression.

use super::CelError;
use super::token::{Token, tokens};
use serde_json::{Value, json};

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Literal(Value),
    Name(String),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    /// `of.field`, or `of.?field`.
    Select {
        of: Box<Expr>,
        field: String,
        is_optional: bool,
    },
    /// `of[key]`, or `of[?key]`.
    Index {
        of: Box<Expr>,
        key: Box<Expr>,
        is_optional: bool,
    },
    /// `name(arguments)`, or `receiver.name(arguments)`.
    Call {
        receiver: Option<Box<Expr>>,
        name: String,
        arguments: Vec<Expr>,
    },
    Unary(&'static str, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Ternary(Box<Expr>, Box<Expr>, Box<Expr>),
}

/// Binary operators, loosest first.
const LEVELS: &[&[&str]] =
    &[&["||"], &["&&"], &["==", "!=", "<", "<=", ">", ">=", "in"], &["+", "-"], &["*", "/", "%"]];

pub(super) fn parse(text: &str) -> Result<Expr, CelError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0 };
    let expression = parser.ternary()?;
    match parser.tokens.get(parser.at) {
        None => Ok(expression),
        Some(token) => Err(CelError::Unsupported(format!("{token:?} behind the expression"))),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn ternary(&mut self) -> Result<Expr, CelError> {
        let condition = self.binary(0)?;
        if !self.take("?") {
            return Ok(condition);
        }
        let then = self.binary(0)?;
        self.expect(":")?;
        let otherwise = self.ternary()?;
        Ok(Expr::Ternary(Box::new(condition), Box::new(then), Box::new(otherwise)))
    }

    fn binary(&mut self, level: usize) -> Result<Expr, CelError> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = operators.iter().find(|operator| self.is_next(operator)) {
            self.at += 1;
            let right = self.binary(level + 1)?;
            left = Expr::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, CelError> {
        for operator in ["!", "-"] {
            if self.take(operator) {
                return Ok(Expr::Unary(operator, Box::new(self.unary()?)));
            }
        }
        let mut expression = self.primary()?;
        while let Some(longer) = self.member(&expression)? {
            expression = longer;
        }
        Ok(expression)
    }

    /// What is behind a dot or in brackets; `None` if nothing follows.
    fn member(&mut self, of: &Expr) -> Result<Option<Expr>, CelError> {
        let of = Box::new(of.clone());
        for (sign, is_optional) in [("[", false), ("[?", true)] {
            if self.take(sign) {
                let key = Box::new(self.ternary()?);
                self.expect("]")?;
                return Ok(Some(Expr::Index { of, key, is_optional }));
            }
        }
        let is_optional = self.is_next(".?");
        if !self.take(".") && !self.take(".?") {
            return Ok(None);
        }
        let field = self.word()?;
        if !is_optional && self.take("(") {
            let arguments = self.list(")")?;
            return Ok(Some(Expr::Call { receiver: Some(of), name: field, arguments }));
        }
        Ok(Some(Expr::Select { of, field, is_optional }))
    }

    fn primary(&mut self) -> Result<Expr, CelError> {
        if self.take("(") {
            let inner = self.ternary()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.take("[") {
            return Ok(Expr::List(self.list("]")?));
        }
        if self.take("{") {
            return self.map();
        }
        if let Some(Token::Literal(value)) = self.tokens.get(self.at) {
            let literal = Expr::Literal(value.clone());
            self.at += 1;
            return Ok(literal);
        }
        let name = self.word()?;
        Ok(match name.as_str() {
            "true" => Expr::Literal(json!(true)),
            "false" => Expr::Literal(json!(false)),
            "null" => Expr::Literal(Value::Null),
            _ if self.take("(") => Expr::Call { receiver: None, name, arguments: self.list(")")? },
            _ => Expr::Name(name),
        })
    }

    /// Expressions between commas, up to the closing bracket.
    fn list(&mut self, end: &'static str) -> Result<Vec<Expr>, CelError> {
        let mut items = vec![];
        while !self.take(end) {
            items.push(self.ternary()?);
            if !self.take(",") {
                self.expect(end)?;
                break;
            }
        }
        Ok(items)
    }

    fn map(&mut self) -> Result<Expr, CelError> {
        let mut entries = vec![];
        while !self.take("}") {
            let key = self.ternary()?;
            self.expect(":")?;
            entries.push((key, self.ternary()?));
            if !self.take(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(Expr::Map(entries))
    }

    fn word(&mut self) -> Result<String, CelError> {
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word.clone())
            }
            other => Err(CelError::Unsupported(format!("{other:?} where a name was expected"))),
        }
    }

    fn is_next(&self, text: &str) -> bool {
        match self.tokens.get(self.at) {
            Some(Token::Sign(sign)) => *sign == text,
            Some(Token::Word(word)) => text == "in" && word == "in",
            _ => false,
        }
    }

    fn take(&mut self, sign: &str) -> bool {
        let is_next = self.is_next(sign);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, sign: &str) -> Result<(), CelError> {
        if self.take(sign) {
            return Ok(());
        }
        let found = self.tokens.get(self.at);
        Err(CelError::Unsupported(format!("{found:?} where {sign} was expected")))
    }
}
