/* SPDX-License-Identifier: MIT */

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** An open loop of HttpURLConnection requests: Loop HOST PORT COUNT INTERVAL_MS (openloop.c says what it prints). */
final class Loop {
	private static final int PATIENCE_MS = 15000;
	private static final int WARM_UP = 50;

	private static String ask(URL url) {
		long start = System.nanoTime();
		String outcome;
		String answer = "-";
		try {
			HttpURLConnection connection = (HttpURLConnection) url.openConnection();
			connection.setConnectTimeout(PATIENCE_MS);
			connection.setReadTimeout(PATIENCE_MS);
			connection.setRequestProperty("Connection", "close");
			outcome = Integer.toString(connection.getResponseCode());
			if (outcome.equals("200")) {
				answer = new String(connection.getInputStream().readAllBytes()).trim();
			}
		} catch (IOException e) {
			outcome = e.getClass().getSimpleName();
		}
		double latency = (System.nanoTime() - start) / 1e6;
		return String.format(Locale.ROOT, "%.3f %.3f %s %s", start / 1e6, latency, outcome, answer);
	}

	public static void main(String[] args) throws Exception {
		URL url = new URL("http", args[0], Integer.parseInt(args[1]), "/");
		int count = Integer.parseInt(args[2]);
		long interval = Long.parseLong(args[3]) * 1_000_000;
		ExecutorService pool = Executors.newCachedThreadPool();
		Callable<String> one = () -> ask(url);

		System.setProperty("http.keepAlive", "false");
		for (int i = 0; i < WARM_UP; i++) {
			pool.submit(one).get();
		}
		List<Future<String>> requests = new ArrayList<>();
		long tick = System.nanoTime();
		System.out.print(String.format(Locale.ROOT, "# start %.3f\n", tick / 1e6));
		System.out.flush();
		for (int i = 0; i < count; i++, tick += interval) {
			long wait = tick - System.nanoTime();
			if (wait > 0) {
				Thread.sleep(wait / 1_000_000, (int) (wait % 1_000_000));
			}
			requests.add(pool.submit(one));
		}
		for (Future<String> request : requests) {
			System.out.println(request.get());
		}
		System.exit(0);
	}
}
