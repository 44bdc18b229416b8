using System.Diagnostics;
using Npgsql;

namespace Servers;

/// <summary>A PostgreSQL on a loopback port with a fresh cluster in a temporary directory. As root it runs as the user "postgres", for it refuses to run as root.</summary>
/// <param name="binaries">The folder of initdb and postgres; the newest of Debian's when null.</param>
/// <param name="settings">Further settings, "name=value": they win over ours.</param>
public sealed class PostgresServer(string? binaries = null, params IReadOnlyList<string> settings) : ServerProcess
{
    private readonly string _binaries = binaries ?? FindBinaries();

    private string Data => Path.Combine(Folder, "data");

    /// <summary>Npgsql's form, to the database "postgres".</summary>
    public string ConnectionString => ConnectionStringTo("postgres");

    /// <summary>As in DATABASE_URL, to the database "postgres".</summary>
    public string Url => UrlTo("postgres");

    /// <summary>Fast shutdown: SIGINT ends sessions; SIGTERM would wait for them.</summary>
    protected override string StopSignal => "INT";

    public string ConnectionStringTo(string database) => $"Host=127.0.0.1;Port={Port};Username=postgres;Database={database};Pooling=true;Include Error Detail=true";

    public string UrlTo(string database) => $"postgresql://postgres@127.0.0.1:{Port}/{database}";

    /// <summary>A started one.</summary>
    public static async Task<PostgresServer> StartNewAsync(CancellationToken stop = default)
    {
        var server = new PostgresServer();
        await server.StartAsync(stop);
        return server;
    }

    /// <summary>Makes an empty database and returns its name.</summary>
    public async Task<string> CreateDatabaseAsync(CancellationToken stop = default)
    {
        var name = $"test_{Guid.NewGuid():N}";
        await ExecuteAsync("postgres", $"CREATE DATABASE {name}", stop);
        return name;
    }

    public async Task ExecuteAsync(string database, string sql, CancellationToken stop = default)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionStringTo(database)) { Pooling = false }.ToString());
        await connection.OpenAsync(stop);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(stop);
    }

    protected override async Task PrepareAsync(CancellationToken stop)
    {
        if (Directory.Exists(Data)) return;
        if (Environment.IsPrivilegedProcess) await RunAsync(new ProcessStartInfo("chown", ["postgres", Folder]), stop);
        await RunAsync(AsServerUser(Path.Combine(_binaries, "initdb"), "-D", Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"), stop);
    }

    protected override ProcessStartInfo Describe()
    {
        List<string> arguments = ["-D", Data, "-p", $"{Port}"];
        foreach (var setting in (IEnumerable<string>)["listen_addresses=127.0.0.1", $"unix_socket_directories={Folder}", "max_connections=100", "shared_buffers=128MB", .. settings])
            arguments.AddRange(["-c", setting]);
        return AsServerUser(Path.Combine(_binaries, "postgres"), [.. arguments]);
    }

    protected override async Task<bool> AnswersAsync(CancellationToken stop)
    {
        try
        {
            await using var connection = new NpgsqlConnection($"{ConnectionString};Pooling=false;Timeout=5");
            await connection.OpenAsync(stop);
            return true;
        }
        catch (NpgsqlException)
        {
            // Starting up, or not listening yet.
            return false;
        }
    }

    private static string FindBinaries()
    {
        const string debian = "/usr/lib/postgresql";
        var found = Directory.Exists(debian)
            ? Directory.EnumerateDirectories(debian).Select(version => Path.Combine(version, "bin")).Where(bin => File.Exists(Path.Combine(bin, "postgres"))).Order().LastOrDefault()
            : null;
        return found ?? throw new InvalidOperationException($"No PostgreSQL in {debian}: apt-get install postgresql.");
    }

    private ProcessStartInfo AsServerUser(string program, params IReadOnlyList<string> arguments) => Environment.IsPrivilegedProcess
        ? new("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", program, .. arguments]) { WorkingDirectory = Folder }
        : new(program, arguments) { WorkingDirectory = Folder };

    private static async Task RunAsync(ProcessStartInfo start, CancellationToken stop)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(stop);
        var errors = process.StandardError.ReadToEndAsync(stop);
        await process.WaitForExitAsync(stop);
        if (process.ExitCode != 0) throw new InvalidOperationException($"{start.FileName} ended with {process.ExitCode}:\n{await output}\n{await errors}");
    }
}
