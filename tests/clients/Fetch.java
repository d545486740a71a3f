/* SPDX-License-Identifier: MIT */
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;

/** Fetch URL: the page, by HttpURLConnection, which tries the first address only, over an IPv6 socket. */
class Fetch {
	public static void main(String[] arguments) {
		try {
			HttpURLConnection connection = (HttpURLConnection) new URL(arguments[0]).openConnection();
			try (InputStream page = connection.getInputStream()) {
				page.transferTo(System.out);
			}
			System.out.flush();
		} catch (IOException error) {
			System.err.println("java: " + error);
			System.exit(1);
		}
	}
}
