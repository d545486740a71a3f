/* SPDX-License-Identifier: MIT */
/* ask.js HOW HOST: the page of HOST, by http or fetch. */
"use strict";

function byHttp(url) {
	return new Promise((resolve, reject) => {
		require("http").get(url, (answer) => {
			let page = "";
			answer.on("data", (part) => (page += part));
			answer.on("end", () => resolve(page));
		}).on("error", reject);
	});
}

const [how, host] = process.argv.slice(2);
const url = `http://${host}/`;
const page = how === "http" ? byHttp(url) : fetch(url).then((answer) => answer.text());
page.then(console.log, (error) => {
	console.error(error);
	process.exitCode = 1;
});
