"""How the text cells of a whole column are understood: dates, amounts and ids, written as the contract has them."""
