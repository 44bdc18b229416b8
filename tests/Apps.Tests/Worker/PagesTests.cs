namespace Apps.Tests.Worker;

public sealed class PagesTests(PagesTests.Served served) : IClassFixture<PagesTests.Served>
{
    private ChildWorker Child => served.Child;

    [Fact]
    public async Task Each_address_answers_get_and_head()
    {
        foreach (var (path, type) in new[] { ("/", "text/html"), ("/healthz", "application/json"), ("/metrics", "text/plain"), ("/api/v1/status", "application/json") })
        {
            using var get = await Child.GetAsync(path);
            Assert.Equal((path, 200, type), (path, (int)get.StatusCode, get.Content.Headers.ContentType?.MediaType));
            Assert.NotEmpty(await get.Content.ReadAsStringAsync());
            using var head = await Child.GetAsync(path, HttpMethod.Head);
            Assert.Equal((path, 200), (path, (int)head.StatusCode));
            Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        }
    }

    [Fact]
    public async Task Metrics_cover_engine_firehose_and_runtime()
    {
        using var response = await Child.GetAsync("/metrics");
        var text = await response.Content.ReadAsStringAsync();

        Assert.Contains("firehose_connected", text, StringComparison.Ordinal);
        Assert.Contains("dotnet_gc", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere", "GET", 404, "API001")]
    [InlineData("/api/v1/nowhere", "GET", 404, "API001")]
    [InlineData("/api/v1/status", "DELETE", 405, "API002")]
    public async Task What_is_not_served_is_a_problem_document(string path, string method, int status, string code)
    {
        using var response = await Child.GetAsync(path, new HttpMethod(method));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains($"\"code\": \"{code}\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>One worker for all of them: none changes anything.</summary>
    public sealed class Served : IAsyncDisposable
    {
        private readonly DataDirectory _data = new();

        public Served() => Child = ChildWorker.Start($"run --port 0 --data {_data.Path}", ("RELAY_URL", "ws://127.0.0.1:9"));

        internal ChildWorker Child { get; }

        public async ValueTask DisposeAsync()
        {
            await Child.DisposeAsync();
            _data.Dispose();
        }
    }
}
