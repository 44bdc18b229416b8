using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Servers;

/// <summary>A PostgreSQL on a loopback port with a fresh cluster in a temporary directory. As root it runs as the user "postgres", for it refuses to run as root.</summary>
/// <param name="binaries">The folder of initdb and postgres; the newest of Debian's when null.</param>
/// <param name="settings">Further settings, "name=value": they win over ours.</param>
public sealed class PostgresServer(string? binaries = null, params IReadOnlyList<string> settings) : ServerProcess
{
    private readonly string _binaries = binaries ?? FindBinaries();

    /// <summary>A role that may make databases and must show this password (SCRAM), and with <see cref="Tls"/> come encrypted; "postgres" is trusted as ever.</summary>
    public PostgresLogin? Login { get; init; }

    /// <summary>With TLS; the role "postgres" may still come without.</summary>
    public bool Tls { get; init; }

    /// <summary>The certificate a client must trust, in PEM; there with <see cref="Tls"/> after the start.</summary>
    public string CertificateFile => Certificate.CertificateFile;

    /// <summary>Npgsql's form, to the database "postgres".</summary>
    public string ConnectionString => ConnectionStringTo("postgres");

    /// <summary>As in DATABASE_URL, to the database "postgres".</summary>
    public string Url => UrlTo("postgres");

    /// <summary>Fast shutdown: SIGINT ends sessions; SIGTERM would wait for them.</summary>
    protected override string StopSignal => "INT";

    private string Data => Path.Combine(Folder, "data");

    private TestCertificate Certificate => new(Path.Combine(Folder, "tls"));

    /// <summary>As the role "postgres".</summary>
    public string ConnectionStringTo(string database) => $"Host=127.0.0.1;Port={Port};Username=postgres;Database={database};Pooling=true;Include Error Detail=true";

    /// <summary>As the role "postgres".</summary>
    public string UrlTo(string database) => $"postgresql://postgres@127.0.0.1:{Port}/{database}";

    /// <summary>As <see cref="Login"/>, checking the certificate when there is one.</summary>
    public string LoginUrlTo(string database)
    {
        var login = Login ?? throw new InvalidOperationException("The server was started without a Login.");
        var security = Tls ? $"?sslmode=verify-full&sslrootcert={Uri.EscapeDataString(CertificateFile)}" : "";
        return $"postgresql://{Uri.EscapeDataString(login.Name)}:{Uri.EscapeDataString(login.Password)}@127.0.0.1:{Port}/{database}{security}";
    }

    /// <summary>A started one.</summary>
    public static Task<PostgresServer> StartNewAsync(CancellationToken stop = default) => StartNewAsync(new PostgresServer(), stop);

    /// <summary>Makes an empty database, of <see cref="Login"/> if there is one, and returns its name.</summary>
    public async Task<string> CreateDatabaseAsync(CancellationToken stop = default)
    {
        var name = $"test_{Guid.NewGuid():N}";
        await ExecuteAsync("postgres", $"CREATE DATABASE {name}{(Login is null ? "" : $" OWNER \"{Login.Name}\"")}", stop);
        return name;
    }

    public async Task ExecuteAsync(string database, string sql, CancellationToken stop = default) => await ScalarAsync(database, sql, stop);

    /// <summary>The first column of the first row, or null.</summary>
    public async Task<object?> ScalarAsync(string database, string sql, CancellationToken stop = default)
    {
        await using var connection = await ConnectAsync(database, stop);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(stop);
    }

    /// <summary>An open session as the role "postgres", one used before where there is: making one costs the server more than most statements.</summary>
    public async Task<NpgsqlConnection> ConnectAsync(string database, CancellationToken stop = default)
    {
        var connection = await OpenAsync(database, stop);
        try
        {
            await using var command = new NpgsqlCommand("SELECT 1", connection);
            await command.ExecuteNonQueryAsync(stop);
            return connection;
        }
        catch (NpgsqlException)
        {
            // The server was restarted, or the session ended by somebody, since it was last used.
            NpgsqlConnection.ClearPool(connection);
            await connection.DisposeAsync();
            return await OpenAsync(database, stop);
        }
    }

    /// <summary>As <see cref="ConnectAsync"/>, for callers that are not asynchronous.</summary>
    public NpgsqlConnection Connect(string database)
    {
        var connection = Open(database);
        try
        {
            using var command = new NpgsqlCommand("SELECT 1", connection);
            command.ExecuteNonQuery();
            return connection;
        }
        catch (NpgsqlException)
        {
            NpgsqlConnection.ClearPool(connection);
            connection.Dispose();
            return Open(database);
        }
    }

    protected override async Task PrepareAsync(CancellationToken stop)
    {
        if (Tls) Certificate.Write();
        if (Environment.IsPrivilegedProcess) await RunAsync(new ProcessStartInfo("chown", ["-R", "postgres", Folder]), stop);
        if (Directory.Exists(Data)) return;
        await RunAsync(AsServerUser(Path.Combine(_binaries, "initdb"), "-D", Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"), stop);
        if (Login is null) return;
        var rules = Path.Combine(Data, "pg_hba.conf");
        var ours = $"{(Tls ? "hostssl" : "host")} all \"{Login.Name}\" 127.0.0.1/32 scram-sha-256\nhost all \"{Login.Name}\" all reject\n";
        await File.WriteAllTextAsync(rules, ours + await File.ReadAllTextAsync(rules, stop), stop);
    }

    protected override async Task PopulateAsync(CancellationToken stop)
    {
        if (Login is null) return;
        await ExecuteAsync("postgres", $"SET password_encryption = 'scram-sha-256'; CREATE ROLE \"{Login.Name}\" LOGIN CREATEDB PASSWORD '{Login.Password.Replace("'", "''", StringComparison.Ordinal)}'", stop);
    }

    protected override ProcessStartInfo Describe()
    {
        List<string> all = ["listen_addresses=127.0.0.1", $"unix_socket_directories={Folder}", "max_connections=100", "shared_buffers=128MB", "dynamic_shared_memory_type=mmap"];
        if (Tls) all.AddRange(["ssl=on", $"ssl_cert_file={Certificate.CertificateFile}", $"ssl_key_file={Certificate.KeyFile}"]);
        List<string> arguments = ["-D", Data, "-p", $"{Port}"];
        foreach (var setting in all.Concat(settings)) arguments.AddRange(["-c", setting]);
        return AsServerUser(Path.Combine(_binaries, "postgres"), [.. arguments]);
    }

    protected override async Task<bool> AnswersAsync(CancellationToken stop)
    {
        try
        {
            return Equals(await ScalarAsync("postgres", "SELECT current_setting('data_directory')", stop), Data);
        }
        catch (NpgsqlException)
        {
            // Starting up, or not listening yet.
            return false;
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(string database, CancellationToken stop)
    {
        var connection = new NpgsqlConnection(PooledTo(database));
        await connection.OpenAsync(stop);
        return connection;
    }

    private NpgsqlConnection Open(string database)
    {
        var connection = new NpgsqlConnection(PooledTo(database));
        connection.Open();
        return connection;
    }

    private string PooledTo(string database) => $"{ConnectionStringTo(database)};Connection Idle Lifetime=5;Connection Pruning Interval=2";

    private static string FindBinaries()
    {
        const string debian = "/usr/lib/postgresql";
        var newest = Directory.Exists(debian)
            ? Directory.EnumerateDirectories(debian).OrderByDescending(MajorOf).Select(version => Path.Combine(version, "bin")).FirstOrDefault(bin => File.Exists(Path.Combine(bin, "postgres")))
            : null;
        return newest ?? throw new InvalidOperationException($"No PostgreSQL in {debian}: apt-get install postgresql.");
    }

    private static double MajorOf(string folder) => double.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0;

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
