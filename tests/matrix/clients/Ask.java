/* SPDX-License-Identifier: MIT */
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Ask HOW HOST ...: for each host a line "MILLISECONDS PAGE", by HttpURLConnection, HttpClient or Socket. */
public class Ask {
	public static void main(String[] arguments) throws Exception {
		HttpClient client = arguments[0].equals("HttpClient") ? HttpClient.newHttpClient() : null;
		for (int i = 1; i < arguments.length; i++) {
			long start = System.nanoTime();
			String page;
			try {
				page = ask(arguments[0], client, arguments[i]);
			} catch (Exception error) {
				page = error.toString();
			}
			System.out.println((System.nanoTime() - start) / 1000000 + " " + page.trim());
		}
		System.exit(0);
	}

	private static String ask(String how, HttpClient client, String host) throws Exception {
		URI uri = new URI("http://" + host + "/");
		switch (how) {
		case "HttpURLConnection":
			HttpURLConnection connection = (HttpURLConnection)uri.toURL().openConnection();
			try (InputStream body = connection.getInputStream()) {
				return new String(body.readAllBytes());
			}
		case "HttpClient":
			return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString()).body();
		default:
			try (Socket socket = new Socket(host, 23)) {
				return new String(socket.getInputStream().readAllBytes());
			}
		}
	}
}
