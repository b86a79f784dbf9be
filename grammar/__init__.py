"""The grammar of the language, as data: `car.lark`."""
